import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { type ExitCode, runProgram } from "./program.ts";

/** The operator's command line on this process's streams. */
export function main(argv: readonly string[]): Promise<ExitCode> {
  return runProgram(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isInteractive: process.stderr.isTTY,
    env: process.env,
    version: packageVersion(),
    nowMs: Date.now,
    sleep: (ms) => sleep(ms),
  });
}

function packageVersion(): string {
  const found: unknown = createRequire(import.meta.url)("@modelfleet/controller/package.json");
  if (typeof found !== "object" || found === null || !("version" in found)) return "unknown";
  return String(found.version);
}
