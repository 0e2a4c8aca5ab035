import type { ReleaseManifest } from "@modelfleet/protocol";
import { PublishError } from "../errors.ts";

/**
 * Whether the uploaded files are those the manifest speaks of.
 *
 * @throws PublishError FILES
 */
export function checkParts(manifest: ReleaseManifest, paths: ReadonlySet<string>): void {
  const wanted = [manifest.entry, manifest.selfTest?.file, manifest.drift?.baseline];
  for (const path of wanted) {
    if (path === undefined || paths.has(path)) continue;
    throw new PublishError(
      "FILES",
      `expected a file ${path}, as the manifest names it, got ${listOf(paths)}: add a part named ${path}`,
    );
  }
}

function listOf(paths: ReadonlySet<string>): string {
  return paths.size === 0 ? "no file" : [...paths].join(", ");
}
