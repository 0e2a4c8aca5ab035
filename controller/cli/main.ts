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
    sleep: sleepUntil,
    screen: () =>
      process.stdout.isTTY && process.stderr.isTTY && process.env["TERM"] !== "dumb"
        ? sizeOf(process.stderr)
        : undefined,
    onInterrupt: (listener) => {
      process.on("SIGINT", listener);
      // Whoever read what is told has gone, as `| head` does: nobody is left to tell.
      process.stdout.on("error", listener);
      return {
        [Symbol.dispose]: () => {
          process.off("SIGINT", listener);
          process.stdout.off("error", listener);
        },
      };
    },
  });
}

async function sleepUntil(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
    if (signal?.aborted !== true) throw error;
  });
}

function sizeOf({ columns, rows }: NodeJS.WriteStream) {
  return { columns, rows };
}

async function askHere(prompt: string): Promise<string> {
  const { askSecret } = await import("./ask-secret.ts");
  return askSecret(prompt, process);
}
