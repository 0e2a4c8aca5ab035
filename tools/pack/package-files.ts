import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The package files that a folder's files are read by: that of their package, and those of folders inside it that only
 * say `"type"`.
 *
 * @throws Error when no package is found up to the root of the file system
 */
export function packageFiles(folder: string): string[] {
  const path = join(folder, "package.json");
  const isThere = existsSync(path);
  if (isThere && hasName(path)) return [path];
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`expected a package.json above ${folder}`);
  return [...(isThere ? [path] : []), ...packageFiles(parent)];
}

function hasName(path: string): boolean {
  const found: unknown = JSON.parse(readFileSync(path, "utf8"));
  return typeof found === "object" && found !== null && "name" in found;
}
