import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  FormatError,
  ModelFormatError,
  parseStrictJson,
  type ReleaseManifest,
  scanOnnx,
  scanTfjs,
  type TensorSpec,
  tfjsLimits,
} from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { readManifest } from "../release-folder.ts";
import { releasePaths } from "../release-paths.ts";
import { fileFault } from "./file-fault.ts";

/** What a model takes and gives. */
export interface Io {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * What a model takes and gives: an ONNX file, or a folder with a `release.json` that names the model or says it itself.
 *
 * @throws CliError FILE naming the file and what is wrong with it
 */
export async function readModelIo(path: string): Promise<Io> {
  if (!isFolder(path)) return scanned(path, () => onnxIo(path));
  const manifest = await readManifest(path);
  if (manifest.io !== undefined) return manifest.io;
  const entry = join(path, manifest.entry);
  return scanned(entry, () =>
    manifest.format === "onnx" ? onnxIo(entry) : tfjsIo(path, manifest),
  );
}

function isFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) return stats.isDirectory();
  throw fileFault({ path }, "expected an ONNX file or the folder of a release there, got none");
}

function scanned(path: string, scan: () => Io): Io {
  try {
    return scan();
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    if (!(cause instanceof ModelFormatError || cause instanceof FormatError)) {
      throw fileFault({ path }, `cannot be read: ${String(cause)}`, cause);
    }
    throw fileFault({ path }, `expected a model: ${cause.message}`, cause);
  }
}

function onnxIo(path: string): Io {
  const file = openSync(path, "r");
  try {
    return scanOnnx(statSync(path).size, (from, length) => {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, from));
    });
  } finally {
    closeSync(file);
  }
}

function tfjsIo(folder: string, manifest: ReleaseManifest): Io {
  const { modelBytesMax, jsonDepthMax } = tfjsLimits;
  const listed = releasePaths(folder, { ...manifest, drift: undefined, selfTest: undefined });
  const files = listed.map((path) => ({ path, size: statSync(join(folder, path)).size }));
  const bytes = readFileSync(join(folder, manifest.entry));
  const json = parseStrictJson(bytes, { bytesMax: modelBytesMax, depthMax: jsonDepthMax });
  const { inputs, outputs } = scanTfjs(json, { entry: manifest.entry, files });
  // Of some outputs the file says no more than their names.
  return { inputs, outputs: outputs.flatMap((output) => ("dtype" in output ? [output] : [])) };
}
