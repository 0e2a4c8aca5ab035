import type { TensorSpec } from "@modelfleet/protocol";
import { graphTypes } from "@modelfleet/protocol/tfjs-graph-types";
import type { io } from "@tensorflow/tfjs-core";
import { isRecord } from "./is-record.ts";
import type { TfjsType } from "./tfjs-tensor.ts";

export interface GraphSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

const types = new Map<unknown, TfjsType>(Object.entries(graphTypes));

/**
 * What a graph takes and gives, by the names of its signature. The library checks the inputs it is given against the
 * graph itself. The supervisor reads the same with `scanTfjs` of the protocol; a test holds the two together.
 *
 * @throws TypeError when the model says it of none of its tensors, or not whole
 */
export function graphSignature({
  signature,
  userDefinedMetadata,
}: io.ModelArtifacts): GraphSignature {
  const inMetadata = isRecord(userDefinedMetadata) ? userDefinedMetadata["signature"] : undefined;
  const found = inMetadata ?? signature;
  if (!isRecord(found)) throw new TypeError("expected a graph model with a signature, got none");
  return { inputs: readSide(found["inputs"]), outputs: readSide(found["outputs"]) };
}

function readSide(side: unknown): readonly TensorSpec[] {
  if (!isRecord(side)) throw new TypeError("expected a signature with inputs and outputs");
  // A resource is a table inside the model, which nobody gives it.
  const tensors = Object.entries(side).filter(
    ([, entry]) => isRecord(entry) && entry["resourceId"] === undefined,
  );
  return tensors.map(([name, entry]) => readTensor(name, entry));
}

function readTensor(name: string, entry: unknown): TensorSpec {
  const { dtype, tensorShape } = isRecord(entry) ? entry : {};
  const type = types.get(dtype);
  if (type === undefined) throw new TypeError(`expected a known type of ${name} in the signature`);
  const dimensions = isRecord(tensorShape) ? (tensorShape["dim"] ?? []) : undefined;
  if (!Array.isArray(dimensions)) throw new TypeError(`expected a shape of ${name}`);
  return { name, dtype: type, shape: dimensions.map(readSize) };
}

function readSize(dimension: unknown): number {
  const size = isRecord(dimension) ? Number(dimension["size"] ?? 0) : Number.NaN;
  if (!Number.isSafeInteger(size)) throw new TypeError("expected a size of each dimension");
  return Math.max(-1, size);
}
