import { readFile } from "node:fs/promises";
import { setPriority } from "node:os";
import { setImmediate as turn, setTimeout as wait } from "node:timers/promises";
import { processTable } from "../../../agent/src/adapters/clock/process-table.ts";
import {
  RunnerProcessHost,
  type RunnerProcessOptions,
} from "../../../agent/src/adapters/runner-process/runner-host.ts";
import { type TemporaryFolder, temporaryFolder } from "../temporary-folder.ts";
import { runnerMainPath } from "./runner-main-path.ts";

export const realClock = {
  monotonicMs: () => performance.now(),
  sleep: async (ms: number, signal: AbortSignal) => {
    await wait(ms, undefined, { signal });
  },
  turn: () => turn(),
};

export type RunnerFixture = AsyncDisposable & {
  readonly folder: TemporaryFolder;
  readonly host: RunnerProcessHost;
};

/** A host of real runner processes in a folder of its own. The processes are the test's to stop. */
export async function runnerFixture(
  changes: Partial<RunnerProcessOptions> = {},
): Promise<RunnerFixture> {
  const folder = await temporaryFolder();
  const host = new RunnerProcessHost({
    nodePath: process.execPath,
    runnerPath: runnerMainPath(),
    runFolder: folder.inside("run"),
    cores: 2,
    clock: realClock,
    setPriority,
    processes: processTable,
    ...changes,
  });
  return { folder, host, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

/** Process ids of the runners that this test process has started and that still live. */
export async function runnerPids(runFolder: string): Promise<number[]> {
  const children = await readFile(`/proc/${process.pid}/task/${process.pid}/children`, "utf8");
  const pids = children.trim().split(" ").filter(Boolean).map(Number);
  const folders = await Promise.all(pids.map(workingFolder));
  return pids.filter((_, i) => folders[i]?.startsWith(runFolder));
}

async function workingFolder(pid: number): Promise<string> {
  const { readlink } = await import("node:fs/promises");
  return readlink(`/proc/${pid}/cwd`).catch(() => "");
}
