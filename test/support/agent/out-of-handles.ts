import { closeSync, openSync } from "node:fs";
import { spawnRunner } from "../../../agent/src/adapters/runner-process/spawn-runner.ts";
import { ReleaseRefused } from "../../../agent/src/domain/release-refused.ts";

/** A program that uses up the file handles it may have, tries to start a runner, and says what came of it. */
const held: number[] = [];
const program = { nodePath: process.execPath, runnerPath: "never-run", folder: "/", heapMiB: 64 };
const refused = await outOfHandles();
console.log(refused instanceof ReleaseRefused ? `${refused.code} ${refused.message}` : refused);

async function outOfHandles(): Promise<unknown> {
  try {
    for (;;) held.push(openSync("/dev/null", "r"));
  } catch {
    return await spawnRunner({ ...program, launcher: [] }).catch((error: unknown) => error);
  } finally {
    for (const file of held) closeSync(file);
  }
}
