import { readFile, stat } from "node:fs/promises";
import { ModelFormatError, scanTfjs, tfjsLimits } from "@modelfleet/protocol";
import { ReleaseRefused } from "../domain/release-refused.ts";
import type { StagedRelease } from "../ports/runner-host.ts";

/** What a runner is told to load: places of files that the release lists, and no other. */
export interface ModelFiles {
  readonly path: string;
  readonly weights: readonly string[];
}

/**
 * The files of a model. A model of TensorFlow.js names files of weights: it is looked into here, before any runtime
 * sees it, and only what it names among the signed files is handed over.
 *
 * @throws ReleaseRefused EXTERNAL_DATA | FORMAT
 */
export async function modelFiles(staged: StagedRelease): Promise<ModelFiles> {
  const { entry, format, files } = staged.document;
  const path = fileOf(staged, entry);
  if (format === "onnx") return { path, weights: [] };
  const model = await readModel(path);
  try {
    const { weightFiles } = scanTfjs(model, { entry, files });
    return { path, weights: weightFiles.map((label) => fileOf(staged, label)) };
  } catch (cause) {
    if (!(cause instanceof ModelFormatError)) throw cause;
    const code = cause.code === "EXTERNAL_DATA" ? "EXTERNAL_DATA" : "FORMAT";
    throw new ReleaseRefused(code, `${entry}: ${cause.message}`, { cause });
  }
}

/** Where a file of the release lies on this device. @throws ReleaseRefused FORMAT */
export function fileOf({ files }: StagedRelease, label: string): string {
  const path = files.get(label);
  if (path !== undefined) return path;
  throw new ReleaseRefused("FORMAT", `expected ${label} among the release's files, got none`);
}

/** Parsed as the runner will parse it, so that both see the same. */
async function readModel(path: string): Promise<unknown> {
  const { size } = await stat(path);
  if (size > tfjsLimits.modelBytesMax) {
    const limit = `expected a model.json of at most ${tfjsLimits.modelBytesMax} bytes`;
    throw new ReleaseRefused("FORMAT", `${limit}, got ${size}`);
  }
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new ReleaseRefused("FORMAT", "expected JSON in the model.json", { cause });
  }
}
