import {
  FormatError,
  ModelFormatError,
  parseStrictJson,
  type ReleaseManifest,
  scanOnnx,
  scanTfjs,
  tfjsLimits,
} from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";
import type { ModelScan } from "../../domain/release/assemble-release.ts";
import type { Files, ReadableFile } from "./inspect-upload.ts";

const families = { onnx: "onnxruntime", tfjs: "tfjs" } as const;

/**
 * What the model of an upload says about itself, without loading it: the same scan that a device makes.
 *
 * @throws PublishError MANIFEST | MODEL_FORMAT
 */
export function scanModel(files: Files, manifest: ReleaseManifest): ModelScan {
  const { entry, format, compat } = manifest;
  const family = families[format];
  if (!compat.runtime.startsWith(`${family}>=`)) {
    throw new PublishError(
      "MANIFEST",
      `field compat.runtime: expected ${family}>=… for format ${format}, got ${compat.runtime}`,
    );
  }
  const file = files.get(entry)?.blob;
  if (file === undefined) throw new RangeError(`expected ${entry} among the checked files`);
  try {
    return format === "onnx" ? scanOnnxFile(file) : scanTfjsFile(file, files, entry);
  } catch (cause) {
    if (!(cause instanceof ModelFormatError || cause instanceof FormatError)) throw cause;
    throw new PublishError("MODEL_FORMAT", `file ${entry}: ${cause.message}`, { cause });
  }
}

function scanOnnxFile({ sizeBytes, readAt }: ReadableFile): ModelScan {
  const { opset, ir, inputs, outputs } = scanOnnx(sizeBytes, readAt);
  return { opset, ir, inputs, outputs };
}

function scanTfjsFile({ sizeBytes, readAt }: ReadableFile, files: Files, entry: string): ModelScan {
  const { modelBytesMax, jsonDepthMax } = tfjsLimits;
  // One byte more than may be: then the reader refuses it by its size.
  const bytes = readAt(0, Math.min(sizeBytes, modelBytesMax + 1));
  const json = parseStrictJson(bytes, { bytesMax: modelBytesMax, depthMax: jsonDepthMax });
  const listed = [...files.values()].map(({ path, blob }) => ({ path, size: blob.sizeBytes }));
  const { inputs, outputs } = scanTfjs(json, { entry, files: listed });
  return { inputs, outputs };
}
