import type { TensorSpec } from "@modelfleet/protocol";
import { InferError } from "../infer-error.ts";
import { parseJsonTensor } from "../serving/parse-json-tensor.ts";
import type { Tensor } from "../tensor.ts";
import { countElements } from "../tensor-view.ts";
import type { Elements } from "./read-payload.ts";

/**
 * The input of a model from the elements of a message.
 *
 * @param shape what the binding says; when undefined, the model's, with as many elements in its last free dimension as
 *   came, and 1 in every other free one
 * @throws InferError BAD_TENSOR
 */
export function tensorOf(
  { name, dtype, shape: free }: TensorSpec,
  elements: Elements,
  shape: readonly number[] = fitted(free, elements.length),
): Tensor {
  if (dtype === "float32" && elements instanceof Float32Array) {
    const expected = countElements(shape);
    if (elements.length === expected) {
      return { name, dtype, shape, bytes: new Uint8Array(elements.buffer) };
    }
    const got = `expected ${expected} elements, got ${elements.length}`;
    throw new InferError("BAD_TENSOR", `input ${name}: ${got}`);
  }
  return parseJsonTensor({ name, dtype, shape, data: [...elements] });
}

/** The input that a binding names; the only one when it names none. @throws InferError BAD_TENSOR */
export function inputOf(inputs: readonly TensorSpec[], named: string | undefined): TensorSpec {
  const known = inputs.map(({ name }) => name).join(", ");
  if (named === undefined) {
    const [only, ...others] = inputs;
    if (only !== undefined && others.length === 0) return only;
    throw new InferError("BAD_TENSOR", `expected a binding with a tensor, one of ${known}`);
  }
  const found = inputs.find(({ name }) => name === named);
  if (found !== undefined) return found;
  throw new InferError("BAD_TENSOR", `input ${named}: expected one of ${known}, got another`);
}

function fitted(free: readonly number[], count: number): readonly number[] {
  const last = free.lastIndexOf(-1);
  const fixed = countElements(free.filter((size) => size !== -1));
  // At least one, so that an error about too few elements names how many one row has.
  const size = Math.max(1, Math.floor(count / Math.max(1, fixed)));
  return free.map((dimension, i) => (dimension !== -1 ? dimension : i === last ? size : 1));
}
