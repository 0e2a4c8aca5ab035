import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GeneratedFile } from "./target-catalog.ts";

/** What in the repository is not what its sources say, by path. */
export interface StaleFiles {
  readonly changed: readonly GeneratedFile[];
  /** Files of a generated folder that nothing makes any more. */
  readonly left: readonly string[];
}

/** @param folders those that hold generated files only */
export function staleFiles(
  root: string,
  files: readonly GeneratedFile[],
  folders: readonly string[],
): StaleFiles {
  const made = new Set(files.map(({ path }) => path));
  return {
    changed: files.filter(({ path, text }) => readIfThere(join(root, path)) !== text),
    left: folders.flatMap((folder) => pathsIn(root, folder)).filter((path) => !made.has(path)),
  };
}

/** Makes the repository what its sources say. */
export function refresh(root: string, { changed, left }: StaleFiles): void {
  for (const { path, text } of changed) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const path of left) rmSync(join(root, path));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function pathsIn(root: string, folder: string): readonly string[] {
  try {
    return readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
