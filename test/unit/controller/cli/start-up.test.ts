import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../../house/source-files.ts";

const ENTRY = join(ROOT, "controller/cli/main.ts");
/** What an import makes Node load: not a type, and not what an action asks for when it is needed. */
const LOADED = /^(?:import|export)\s+(?!type\b)(?:[^"';]*\sfrom\s+)?"([^"]+)"/gm;

test("--help loads the parser of command lines and nothing of the contract, whose schemas take longer than all else", () => {
  const { files, packages } = loadedFrom(ENTRY);

  expect([...files].some((path) => path.endsWith("commands/deploy.ts"))).toBe(true);
  expect([...packages].sort()).toEqual(["commander", "node:timers/promises"]);
});

function loadedFrom(entry: string) {
  const files = new Set<string>();
  const packages = new Set<string>();
  const waiting = [entry];
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
