import { type ElementType, elementTypes, type TensorSpec } from "@modelfleet/protocol";
import { splitElements } from "../bytes-elements.ts";
import { InferError } from "../infer-error.ts";
import type { Tensor } from "../tensor.ts";
import { countElements } from "../tensor-view.ts";

/**
 * Whether these tensors are exactly what the model takes: each input once, its element type, its shape, its length.
 *
 * @throws InferError BAD_TENSOR naming the tensor, what was expected and what came
 */
export function checkInputs(specs: readonly TensorSpec[], tensors: readonly Tensor[]): void {
  const seen = new Set<string>();
  for (const tensor of tensors) {
    const spec = specs.find(({ name }) => name === tensor.name);
    if (spec === undefined) throw bad(tensor.name, `expected one of ${names(specs)}, got another`);
    if (seen.has(tensor.name)) throw bad(tensor.name, "expected it once, got it twice");
    seen.add(tensor.name);
    checkTensor(spec, tensor);
  }
  const missing = specs.find(({ name }) => !seen.has(name));
  if (missing !== undefined) throw bad(missing.name, "expected it, got none");
}

/** @throws InferError BAD_TENSOR when an output is wanted that the model does not give, or twice */
export function checkOutputNames(specs: readonly TensorSpec[], wanted: readonly string[]): void {
  for (const [i, name] of wanted.entries()) {
    if (!specs.some((spec) => spec.name === name)) {
      throw new InferError(
        "BAD_TENSOR",
        `output ${name}: expected one of ${names(specs)}, got another`,
      );
    }
    if (wanted.indexOf(name) !== i) {
      throw new InferError("BAD_TENSOR", `output ${name}: expected it once, got it twice`);
    }
  }
}

/** Whether a shape fits a spec in which −1 is a free dimension. */
export function fitsShape(spec: readonly number[], shape: readonly number[]): boolean {
  return spec.length === shape.length && spec.every((size, i) => size === -1 || size === shape[i]);
}

function checkTensor(spec: TensorSpec, tensor: Tensor): void {
  const { name, dtype, shape, bytes } = tensor;
  if (dtype !== spec.dtype) {
    throw bad(name, `expected datatype ${oip(spec.dtype)}, got ${oip(dtype)}`);
  }
  if (!fitsShape(spec.shape, shape)) {
    throw bad(name, `expected shape [${spec.shape.join(",")}], got [${shape.join(",")}]`);
  }
  const count = countElements(shape);
  if (dtype === "string") {
    const elements = splitElements(bytes)?.length;
    if (elements !== count)
      throw bad(name, `expected ${count} elements, got ${elements ?? "a cut"}`);
    return;
  }
  const expected = count * elementTypes[dtype].bytes;
  if (bytes.length !== expected) {
    throw bad(name, `expected ${expected} bytes, got ${bytes.length}`);
  }
  // Any other byte is undefined behaviour in the runtime's native code.
  if (dtype === "bool" && bytes.some((byte) => byte > 1))
    throw bad(name, "expected bytes of 0 or 1");
}

function oip(dtype: ElementType): string {
  return elementTypes[dtype].oip;
}

function names(specs: readonly TensorSpec[]): string {
  return specs.map(({ name }) => name).join(", ");
}

function bad(name: string, text: string): InferError {
  return new InferError("BAD_TENSOR", `input ${name}: ${text}`);
}
