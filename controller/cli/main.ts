import { setTimeout as sleep } from "node:timers/promises";
import { packageVersion } from "../src/package-version.ts";
import { askSecret } from "./ask-secret.ts";
import { type ExitCode, runProgram } from "./program.ts";

/** The operator's command line on this process's streams. */
export function main(argv: readonly string[]): Promise<ExitCode> {
  return runProgram(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isInteractive: process.stderr.isTTY,
    env: process.env,
    askSecret: process.stdin.isTTY ? (prompt) => askSecret(prompt, process) : undefined,
    version: packageVersion(),
    nowMs: Date.now,
    sleep: (ms) => sleep(ms),
  });
}
