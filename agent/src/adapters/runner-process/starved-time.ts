import { readdir } from "node:fs/promises";
import { readProcFile } from "./read-proc-file.ts";

/**
 * How long a process was ready to work in vain, since its start, ms: that of its thread that the system kept waiting
 * longest (field 2 of `schedstat`, Documentation/scheduler/sched-stats). 0 where the system does not tell.
 */
export async function starvedMs(pid: number): Promise<number> {
  const folder = `/proc/${pid}/task`;
  const threads = await readdir(folder).catch(() => []);
  const waits = await Promise.all(threads.map((id) => waitedMs(`${folder}/${id}/schedstat`)));
  return Math.max(0, ...waits);
}

const NANOSECONDS = 1_000_000;

async function waitedMs(path: string): Promise<number> {
  return Number(/^\d+ (\d+) /.exec(await readProcFile(path))?.[1] ?? 0) / NANOSECONDS;
}
