import { readdir, readFile } from "node:fs/promises";

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
  const text = await readFile(path, "utf8").catch(() => "");
  return Number(/^\d+ (\d+) /.exec(text)?.[1] ?? 0) / NANOSECONDS;
}
