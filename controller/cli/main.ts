import { setTimeout as sleep } from "node:timers/promises";
import { type ExitCode, runProgram } from "./program.ts";

/** The operator's command line on this process's streams. */
export function main(argv: readonly string[]): Promise<ExitCode> {
  return runProgram(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isInteractive: process.stderr.isTTY,
    env: process.env,
    nowMs: Date.now,
    sleep: (ms) => sleep(ms),
  });
}
