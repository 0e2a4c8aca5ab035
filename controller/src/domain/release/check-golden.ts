import {
  type ElementType,
  elementTypes,
  type GoldenFile,
  type InferTensor,
  type ReleaseDocument,
  type TensorSpec,
} from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";

type Io = ReleaseDocument["io"];

/**
 * Whether every golden case could be asked of this model: each input once, outputs that exist, datatypes and shapes
 * that fit, as many elements as the shape says.
 *
 * @throws PublishError GOLDEN naming case and tensor
 */
export function checkGolden(golden: GoldenFile, io: Io): void {
  for (const { name, inputs, outputs } of golden.cases) {
    const asked = new Set(inputs.map((tensor) => tensor.name));
    const missing = io.inputs.find((spec) => !asked.has(spec.name));
    if (missing !== undefined) {
      throw refused(
        name,
        `expected a tensor for input ${missing.name}, got ${[...asked].join(", ")}`,
      );
    }
    checkTensors(name, inputs, { specs: io.inputs, side: "input" });
    checkTensors(name, outputs, { specs: io.outputs, side: "output" });
  }
}

interface Side {
  readonly specs: readonly TensorSpec[];
  readonly side: "input" | "output";
}

function checkTensors(name: string, tensors: readonly InferTensor[], { specs, side }: Side): void {
  const seen = new Set<string>();
  for (const tensor of tensors) {
    const spec = specs.find((candidate) => candidate.name === tensor.name);
    if (spec === undefined) {
      const names = specs.map((candidate) => candidate.name).join(", ");
      throw refused(name, `expected ${side}s of the model (${names}), got ${tensor.name}`);
    }
    if (seen.has(tensor.name))
      throw refused(name, `expected ${side} ${tensor.name} once, got it twice`);
    seen.add(tensor.name);
    const reason = misfit(tensor, spec);
    if (reason !== undefined) throw refused(name, `${side} ${tensor.name}: ${reason}`);
  }
}

function misfit(tensor: InferTensor, spec: TensorSpec): string | undefined {
  const datatype = elementTypes[spec.dtype].oip;
  if (tensor.datatype !== datatype) return `expected datatype ${datatype}, got ${tensor.datatype}`;
  if (!fitsShape(tensor.shape, spec.shape)) {
    return `expected shape [${spec.shape.join(",")}], got [${tensor.shape.join(",")}]`;
  }
  const elements = tensor.shape.reduce((product, size) => product * size, 1);
  const values = flatten(tensor.data ?? []);
  if (values.length !== elements) return `expected ${elements} elements, got ${values.length}`;
  const stranger = values.find((value) => !isElement(value, spec.dtype));
  if (stranger === undefined) return undefined;
  return `expected elements of ${datatype}, got a ${stranger === null ? "null" : typeof stranger}`;
}

/** A declared size of −1 takes any size. */
function fitsShape(shape: readonly number[], declared: readonly number[]): boolean {
  return (
    shape.length === declared.length &&
    shape.every((size, axis) => declared[axis] === -1 || declared[axis] === size)
  );
}

function isElement(value: unknown, dtype: ElementType): boolean {
  if (dtype === "string") return typeof value === "string";
  if (dtype === "bool") return typeof value === "boolean" || value === 0 || value === 1;
  return typeof value === "number";
}

/** Row-major elements of flat or nested data. Depth is bounded by the reader of the file. */
function flatten(data: readonly unknown[]): readonly unknown[] {
  return data.some(Array.isArray)
    ? data.flatMap((inner) => (Array.isArray(inner) ? flatten(inner) : [inner]))
    : data;
}

function refused(name: string, reason: string): PublishError {
  return new PublishError("GOLDEN", `golden case ${name}: ${reason}`);
}
