import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  namedWeights,
  type ReleaseManifest,
  type ReleasePath,
  tfjsLimits,
} from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";

/**
 * The files of a release folder: those its manifest names, and those its model names in turn. Whether they are right is
 * for the controller to say, so a name that none of its files can have is left out here.
 *
 * @throws CliError FILE when the model file cannot be read
 */
export function releasePaths(folder: string, manifest: ReleaseManifest): readonly ReleasePath[] {
  const { entry, format, selfTest, drift } = manifest;
  const named = [entry, selfTest?.file, drift?.baseline].filter((path) => path !== undefined);
  if (format === "onnx") return named;
  const weights = namedWeights(readModel(join(folder, entry)), entry);
  return [...new Set([...named, ...weights])];
}

function readModel(path: string): unknown {
  try {
    // The controller says what is wrong with a file that is too large.
    if (statSync(path).size > tfjsLimits.modelBytesMax) return undefined;
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? "expected JSON" : "cannot be read";
    throw new CliError("FILE", `${path}: ${reason}: ${String(cause)}`, { cause });
  }
}
