import { afterAll } from "vitest";
import { eventually } from "./eventually.ts";
import { endProcesses, leftProcesses, workerMark } from "./left-processes.ts";

/**
 * A setup file of vitest: a test file that leaves a process behind fails, whether its tests passed, failed or ran out of
 * time; and what it left is ended, so that it neither takes the next file's time nor outlives the run.
 */
process.env[workerMark.name] = workerMark.value;

afterAll(async () => {
  try {
    // What has been told to end is given the time to.
    await eventually(noneLeft, { withinMs: 5_000 });
  } catch (cause) {
    endProcesses(leftProcesses(workerMark));
    throw new Error("expected every process of this test file to have ended", { cause });
  }
});

function noneLeft(): void {
  const left = leftProcesses(workerMark);
  if (left.length > 0) throw new Error(left.map(({ pid, command }) => `${pid} ${command}`).join());
}
