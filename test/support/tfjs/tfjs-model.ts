import type { TensorSpec } from "@modelfleet/protocol";

/** A model of TensorFlow.js as a publisher has it: its files by name, and what it takes and gives. */
export type TfjsModel = {
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly io: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] };
};

/** The bytes of a JSON value. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}
