import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type ReleaseFolder = {
  readonly folder: string;
  readonly model: string;
  readonly version: string;
  readonly bytes: Uint8Array;
  readonly golden?: unknown;
};

/** Writes a folder that `modelfleet release publish` takes. Without golden cases the agent makes smoke inputs. */
export async function writeReleaseFolder(release: ReleaseFolder): Promise<string> {
  await mkdir(release.folder, { recursive: true });
  await writeFile(join(release.folder, "model.onnx"), release.bytes);
  if (release.golden !== undefined) {
    await writeFile(join(release.folder, "golden.json"), JSON.stringify(release.golden));
  }
  const manifest = {
    model: release.model,
    version: release.version,
    securityVersion: 1,
    format: "onnx",
    entry: "model.onnx",
    compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
    limits: { memoryMiB: 900, loadMs: 60_000, inferMs: 5_000 },
    ...(release.golden === undefined ? {} : { selfTest: { file: "golden.json" } }),
  };
  await writeFile(join(release.folder, "release.json"), JSON.stringify(manifest));
  return release.folder;
}
