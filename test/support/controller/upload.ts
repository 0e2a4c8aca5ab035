import type { UploadPart } from "../../../controller/src/app/release/upload.ts";
import { denseNetwork } from "../onnx/dense-network.ts";

/** `x` float32 [N, 4] to `y` float32 [N, 3]. */
export const smallModel = denseNetwork({ layers: [4, 3], seed: 5 });

export const smallManifest = {
  model: "vision.defects",
  version: "1.0.0",
  securityVersion: 1,
  format: "onnx",
  entry: "model.onnx",
  compat: { classes: ["cam-v2"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
  limits: { memoryMiB: 900, loadMs: 20_000, inferMs: 500 },
  selfTest: { file: "golden.json" },
};

export function goldenFile(changes: object = {}): object {
  return {
    spec: 1,
    finite: true,
    cases: [
      {
        name: "four ones",
        inputs: [{ name: "x", datatype: "FP32", shape: [1, 4], data: [1, 1, 1, 1] }],
        outputs: [{ name: "y", datatype: "FP32", shape: [1, 3], data: [[0.2, 0.3, 0.5]] }],
        compare: { kind: "argmax" },
        ...changes,
      },
    ],
  };
}

type Content = Uint8Array | object;

/** The parts of an upload, in the order of the keys; objects become JSON. */
export async function* uploadOf(
  contents: Readonly<Record<string, Content>>,
): AsyncGenerator<UploadPart> {
  for (const [name, content] of Object.entries(contents)) {
    const bytes = content instanceof Uint8Array ? content : jsonBytes(content);
    yield await Promise.resolve({ name, stream: chunksOf(bytes) });
  }
}

/** An ordinary release, with changes to its manifest and its files. */
export function smallUpload(
  manifest: object = {},
  files: Readonly<Record<string, Content>> = {},
): AsyncGenerator<UploadPart> {
  return uploadOf({
    manifest: { ...smallManifest, ...manifest },
    "model.onnx": smallModel,
    "golden.json": goldenFile(),
    ...files,
  });
}

export function jsonBytes(value: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const CHUNK_BYTES = 100;

export async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    yield await Promise.resolve(bytes.subarray(at, at + CHUNK_BYTES));
  }
}
