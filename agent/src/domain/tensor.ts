import type { ElementType } from "@modelfleet/protocol";

/**
 * One tensor as it travels between the local API and a runner.
 * `bytes` holds the elements in row-major order, little endian; BYTES elements are each a 4-byte length and the bytes.
 */
export interface Tensor {
  readonly name: string;
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}
