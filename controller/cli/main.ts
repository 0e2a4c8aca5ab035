import { setTimeout as sleep } from "node:timers/promises";
import { packageVersion } from "../src/package-version.ts";
import { type ExitCode, runProgram } from "./program.ts";

/** The operator's command line on this process's streams. */
export function main(argv: readonly string[]): Promise<ExitCode> {
  return runProgram(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    isInteractive: process.stderr.isTTY,
    env: process.env,
    askSecret: process.stdin.isTTY ? askHere : undefined,
    version: packageVersion(),
    nowMs: Date.now,
    sleep: (ms) => sleep(ms),
    onInterrupt: (listener) => {
      process.on("SIGINT", listener);
      return { [Symbol.dispose]: () => void process.off("SIGINT", listener) };
    },
  });
}

async function askHere(prompt: string): Promise<string> {
  const { askSecret } = await import("./ask-secret.ts");
  return askSecret(prompt, process);
}
