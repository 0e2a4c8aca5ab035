import type { TensorSpec } from "@modelfleet/protocol";

/** Inputs and outputs of a model. */
export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * Where the model in the file differs from what its release was signed with.
 * A dimension that either side leaves free fits.
 *
 * @returns one sentence a difference; empty when they agree
 */
export function compareSignatures(signed: ModelSignature, got: ModelSignature): readonly string[] {
  return [
    ...compareSide("input", signed.inputs, got.inputs),
    ...compareSide("output", signed.outputs, got.outputs),
  ];
}

function compareSide(
  side: "input" | "output",
  signed: readonly TensorSpec[],
  got: readonly TensorSpec[],
): readonly string[] {
  const unexpected = got.filter(({ name }) => !signed.some((spec) => spec.name === name));
  return [
    ...signed.flatMap((spec) => compareSpec(side, spec, got)),
    ...unexpected.map((spec) => `${side} ${spec.name}: expected none, got ${described(spec)}`),
  ];
}

function compareSpec(
  side: string,
  spec: TensorSpec,
  got: readonly TensorSpec[],
): readonly string[] {
  const other = got.find(({ name }) => name === spec.name);
  if (other !== undefined && fits(spec, other)) return [];
  const came = other === undefined ? "none" : described(other);
  return [`${side} ${spec.name}: expected ${described(spec)}, got ${came}`];
}

function fits(left: TensorSpec, right: TensorSpec): boolean {
  return (
    left.dtype === right.dtype &&
    left.shape.length === right.shape.length &&
    left.shape.every((size, i) => size === -1 || right.shape[i] === -1 || size === right.shape[i])
  );
}

function described({ dtype, shape }: TensorSpec): string {
  return `${dtype} [${shape.join(",")}]`;
}
