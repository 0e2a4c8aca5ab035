import {
  elementTypes,
  type GoldenFile,
  type InferTensor,
  type ReleaseDocument,
  type TensorSpec,
} from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";
import { isElement } from "./is-element.ts";

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
  const values = elementsOf(tensor.data ?? [], tensor.shape);
  if (values === undefined) return `expected data nested as its shape [${tensor.shape.join(",")}]`;
  if (values.length !== elements) return `expected ${elements} elements, got ${values.length}`;
  const at = values.findIndex((value) => !isElement(value, spec.dtype));
  if (at < 0) return undefined;
  const shown = JSON.stringify(values[at]).slice(0, 64);
  return `expected elements of ${datatype}, got ${shown} at ${at}`;
}

/** A declared size of −1 takes any size. */
function fitsShape(shape: readonly number[], declared: readonly number[]): boolean {
  return (
    shape.length === declared.length &&
    shape.every((size, axis) => declared[axis] === -1 || declared[axis] === size)
  );
}

/** Row-major elements of flat data, or of data nested as the shape says; undefined when it is nested otherwise. */
function elementsOf(
  data: readonly unknown[],
  shape: readonly number[],
): readonly unknown[] | undefined {
  if (!Array.isArray(data[0])) return data;
  let level: readonly unknown[] = [data];
  for (const size of shape) {
    const isNested = level.every((row) => Array.isArray(row) && row.length === size);
    if (!isNested) return undefined;
    level = level.flat();
  }
  return level;
}

function refused(name: string, reason: string): PublishError {
  return new PublishError("GOLDEN", `golden case ${name}: ${reason}`);
}
