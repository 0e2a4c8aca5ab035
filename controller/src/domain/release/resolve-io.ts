import type { ModelIo, TensorSpec, TfjsOutput } from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";

/** What the scan of a model file found; the shape of an output may not be in it. */
export interface FoundIo {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TfjsOutput[];
}

/**
 * What a release takes and gives: what its model file says, and where that is silent what its publisher states. A
 * device compares both with the loaded model, so a false statement is never served.
 *
 * @throws PublishError MODEL_FORMAT when the file is silent and nothing is stated, or both say different things
 */
export function resolveIo(found: FoundIo, stated: ModelIo | undefined): ModelIo {
  const outputs = found.outputs.map((output) => resolveOutput(output, stated));
  const io = { inputs: [...found.inputs], outputs };
  if (stated !== undefined) {
    refuseDifference("input", found.inputs, stated.inputs);
    refuseDifference("output", outputs, stated.outputs);
  }
  return io;
}

function resolveOutput(output: TfjsOutput, stated: ModelIo | undefined): TensorSpec {
  if (output.shape !== undefined) return output;
  const { name } = output;
  const spec = stated?.outputs.find((candidate) => candidate.name === name);
  if (spec !== undefined) return spec;
  const example = `"io": { "inputs": [...], "outputs": [{ "name": ${JSON.stringify(name)}, "dtype": "float32", "shape": [-1, ...] }] }`;
  throw new PublishError(
    "MODEL_FORMAT",
    `expected io in release.json, for the model file does not say the shape of output ${name}: add ${example} with what model.outputs says in TensorFlow.js`,
  );
}

function refuseDifference(
  side: "input" | "output",
  found: readonly TensorSpec[],
  stated: readonly TensorSpec[],
): void {
  const missing = found.find((spec) => !stated.some((other) => isSame(spec, other)));
  const extra = stated.find(({ name }) => !found.some((spec) => spec.name === name));
  const differing = missing ?? extra;
  if (differing === undefined) return;
  const { name } = differing;
  throw new PublishError(
    "MODEL_FORMAT",
    `expected io in release.json to be what the model file says: ${side} ${name}: ${described(found, name)}, got ${described(stated, name)}`,
  );
}

function isSame(left: TensorSpec, right: TensorSpec): boolean {
  return (
    left.name === right.name &&
    left.dtype === right.dtype &&
    left.shape.length === right.shape.length &&
    left.shape.every((size, axis) => size === right.shape[axis])
  );
}

function described(specs: readonly TensorSpec[], name: string): string {
  const spec = specs.find((candidate) => candidate.name === name);
  return spec === undefined ? "none" : `${spec.dtype} [${spec.shape.join(",")}]`;
}
