import { fileURLToPath } from "node:url";

/** Where the runner's main file lies: beside this code, compiled when this code is. */
export function runnerMainPath(): string {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return fileURLToPath(new URL(`../../runner/main.${extension}`, import.meta.url));
}
