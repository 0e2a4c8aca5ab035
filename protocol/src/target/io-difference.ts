import type { TensorSpec } from "../model/tensor-spec.ts";
import type { ReleaseIo } from "./requirements.ts";

/** The tensor that would surprise an application, in words for people. */
export type IoDifference = { readonly need: string; readonly have: string };

/**
 * The first tensor in which a release would surprise the applications of another; null when they notice nothing.
 *
 * Inputs: the same names; each takes at least the sizes it took. Outputs: each is still there with at most the
 * sizes it had; further ones do no harm.
 *
 * @param current what the applications rely on
 * @param next what the release brings
 */
export function ioDifference(current: ReleaseIo, next: ReleaseIo): IoDifference | null {
  const added = next.inputs.find(
    (input) => !current.inputs.some(({ name }) => name === input.name),
  );
  if (added) return { need: `input ${describe(added)}`, have: "no such input" };
  return (
    firstDifference(current.inputs, next.inputs, (was, is) => is === -1 || is === was) ??
    firstDifference(current.outputs, next.outputs, (was, is) => was === -1 || is === was)
  );
}

type FitsSize = (was: number, is: number) => boolean;

function firstDifference(
  current: readonly TensorSpec[],
  next: readonly TensorSpec[],
  fits: FitsSize,
): IoDifference | null {
  for (const was of current) {
    const is = next.find(({ name }) => name === was.name);
    if (is && fitsTensor(was, is, fits)) continue;
    return { need: is ? describe(is) : `no ${was.name}`, have: describe(was) };
  }
  return null;
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
