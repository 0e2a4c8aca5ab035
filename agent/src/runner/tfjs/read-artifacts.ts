import { readFile } from "node:fs/promises";
import type { io } from "@tensorflow/tfjs-core";
import type { ModelFiles } from "../runtime.ts";
import { isRecord } from "./is-record.ts";

/**
 * A model as TensorFlow.js loads it from memory. The file was looked into before it came here; this reads what is
 * needed and nothing else: no optimizer, no place to fetch from.
 *
 * @throws TypeError when the file is not a model of TensorFlow.js
 */
export async function readArtifacts({ path, weights }: ModelFiles): Promise<io.ModelArtifacts> {
  const file: unknown = JSON.parse(await readFile(path, "utf8"));
  const topology = isRecord(file) ? file["modelTopology"] : undefined;
  if (!isRecord(file) || !isRecord(topology)) throw new TypeError("expected a model.json");
  const { format, signature, userDefinedMetadata, modelInitializer, initializerSignature } = file;
  return {
    modelTopology: topology,
    format: format === "graph-model" ? format : "layers-model",
    weightSpecs: weightSpecsOf(file["weightsManifest"]),
    weightData: await Promise.all(weights.map(readBuffer)),
    ...(isRecord(signature) ? { signature } : {}),
    ...(isMetadata(userDefinedMetadata) ? { userDefinedMetadata } : {}),
    ...(isRecord(modelInitializer) ? { modelInitializer } : {}),
    ...(isRecord(initializerSignature) ? { initializerSignature } : {}),
  };
}

type Metadata = NonNullable<io.ModelArtifacts["userDefinedMetadata"]>;

function isMetadata(value: unknown): value is Metadata {
  return isRecord(value);
}

async function readBuffer(path: string): Promise<ArrayBuffer> {
  const bytes = await readFile(path);
  // A small file lies in a pool that others use too.
  return new Uint8Array(bytes).buffer;
}

function weightSpecsOf(manifest: unknown): io.WeightsManifestEntry[] {
  if (!Array.isArray(manifest)) throw new TypeError("expected a weightsManifest, got none");
  return manifest.flatMap((group: unknown) => {
    const specs = isRecord(group) ? group["weights"] : undefined;
    if (!Array.isArray(specs)) throw new TypeError("expected weights in each group");
    return specs.map(readSpec);
  });
}

function readSpec(value: unknown): io.WeightsManifestEntry {
  if (isSpec(value)) return value;
  throw new TypeError("expected shape and dtype of each weight");
}

function isSpec(value: unknown): value is io.WeightsManifestEntry {
  return isRecord(value) && Array.isArray(value["shape"]) && typeof value["dtype"] === "string";
}
