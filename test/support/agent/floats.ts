import type { Tensor } from "../../../agent/src/domain/tensor.ts";

/** A float32 tensor with these elements. */
export function floatTensor(
  name: string,
  shape: readonly number[],
  values: Iterable<number>,
): Tensor {
  return { name, dtype: "float32", shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** The elements of a float32 tensor. */
export function floatsOf({ bytes }: Tensor): number[] {
  return [...new Float32Array(Uint8Array.from(bytes).buffer)];
}
