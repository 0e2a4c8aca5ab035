import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

export const ROOT = join(import.meta.dirname, "../../..");

export type SourceFile = { readonly path: string; readonly text: string };

const STRANGERS = ["node_modules", "dist", "coverage", ".git", ".modelfleet"];
const TEXT =
  /[.](ts|js|tsx|json|md|yaml|yml|proto|sh|service|css|html)$|(^|\/)[.][^/]+$|[.]ci\/run$/;
const GENERATED = /[.]gen[.]ts$|_pb[.]ts$|package-lock[.]json$/;

/** Every text file of the repository that people wrote, by its path from the root. */
export function sourceFiles(): readonly SourceFile[] {
  return [...walk(ROOT)]
    .filter((path) => TEXT.test(path) && !GENERATED.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

/** Every folder that holds something, by its path from the root. */
export function sourceFolders(): readonly string[] {
  const folders = [...walk(ROOT)].map((path) => path.split("/").slice(0, -1).join("/"));
  return [...new Set(folders)].filter((folder) => folder !== "").sort();
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (STRANGERS.includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield relative(ROOT, path).split(sep).join("/");
  }
}
