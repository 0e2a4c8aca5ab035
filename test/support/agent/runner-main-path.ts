import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const agent = join(import.meta.dirname, "../../../agent");
const sources = join(agent, "src/runner/main.ts");
const built = join(agent, "dist/runner/main.js");

let chosen: string | undefined;

/**
 * The runner's program as it is in the sources: built, which starts in a third of the processor time, unless a source
 * has changed since.
 */
export function runnerMainPath(): string {
  chosen ??= isBuilt() ? built : sources;
  return chosen;
}

/** The build writes this file last, also when it finds that nothing has changed. */
function isBuilt(): boolean {
  const told = statSync(join(agent, "tsconfig.tsbuildinfo"), { throwIfNoEntry: false });
  if (told === undefined || !existsSync(built)) return false;
  return ["runner", "wire"].every((room) => newestMs(join(agent, "src", room)) <= told.mtimeMs);
}

function newestMs(room: string): number {
  const names = readdirSync(room, { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".ts"));
  return Math.max(...files.map((name) => statSync(join(room, name)).mtimeMs));
}
