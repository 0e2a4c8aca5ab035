import type { TensorSpec } from "../model/tensor-spec.ts";
import type { ReleaseIo } from "./requirements.ts";

/** The tensor that would surprise an application, in words for people. */
export type IoDifference = { readonly need: string; readonly have: string };

/** The first of `ioDifferences`; null when applications notice nothing. */
export function ioDifference(current: ReleaseIo, next: ReleaseIo): IoDifference | null {
  return ioDifferences(current, next)[0] ?? null;
}

/**
 * The tensors in which a release would surprise the applications of another.
 *
 * Inputs: the same names; each takes at least the sizes it took. Outputs: each is still there with at most the
 * sizes it had; further ones do no harm.
 *
 * @param current what the applications rely on
 * @param next what the release brings
 */
export function ioDifferences(current: ReleaseIo, next: ReleaseIo): readonly IoDifference[] {
  const added = next.inputs.filter(
    (input) => !current.inputs.some(({ name }) => name === input.name),
  );
  return [
    ...added.map((input) => ({ need: `input ${describe(input)}`, have: "no such input" })),
    ...differences(current.inputs, next.inputs, (was, is) => is === -1 || is === was),
    ...differences(current.outputs, next.outputs, (was, is) => was === -1 || is === was),
  ];
}

type FitsSize = (was: number, is: number) => boolean;

function differences(
  current: readonly TensorSpec[],
  next: readonly TensorSpec[],
  fits: FitsSize,
): IoDifference[] {
  return current.flatMap((was) => {
    const is = next.find(({ name }) => name === was.name);
    if (is && fitsTensor(was, is, fits)) return [];
    return [{ need: is ? describe(is) : `no ${was.name}`, have: describe(was) }];
  });
}

function fitsTensor(was: TensorSpec, is: TensorSpec, fits: FitsSize): boolean {
  return (
    was.dtype === is.dtype &&
    was.shape.length === is.shape.length &&
    was.shape.every((size, axis) => fits(size, is.shape[axis] ?? 0))
  );
}

function describe({ name, dtype, shape }: TensorSpec): string {
  return `${name} ${dtype}[${shape.join(",")}]`;
}
