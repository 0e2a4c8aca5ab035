import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "./source-files.ts";

/** What an import makes Node load: not a type, and not what is asked for when it is needed. */
const LOADED = /^(?:import|export)\s+(?!type\b)(?:[^"';]*\sfrom\s+)?"([^"]+)"/gm;

/** Everything that is loaded before the first line of a program runs: our files, and the names of packages. */
export function loadedFrom(entry: string) {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [join(ROOT, entry)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (files.has(path)) continue;
    files.add(path);
    for (const [, name = ""] of readFileSync(path, "utf8").matchAll(LOADED)) {
      if (name.startsWith(".")) waiting.push(join(dirname(path), name));
      else packages.add(name);
    }
  }
  return { files, packages };
}
