import { fileURLToPath } from "node:url";

/** The runner's program in the sources. */
export function runnerMainPath(): string {
  return fileURLToPath(new URL("../../../agent/src/runner/main.ts", import.meta.url));
}
