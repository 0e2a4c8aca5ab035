import { readProcFile } from "./read-proc-file.ts";

/** Bytes of memory a process takes: its share of pages (PSS), else what is resident; undefined once it is gone. */
export async function processMemoryBytes(pid: number | "self"): Promise<number | undefined> {
  return (
    (await readKib(`/proc/${pid}/smaps_rollup`, /^Pss:\s+(\d+) kB$/m)) ?? (await residentBytes(pid))
  );
}

/** Bytes of a process that are in memory now; cheap to ask. */
export function residentBytes(pid: number | "self"): Promise<number | undefined> {
  return readKib(`/proc/${pid}/status`, /^VmRSS:\s+(\d+) kB$/m);
}

/** Bytes a process has allocated as RLIMIT_DATA counts them, much of it never touched. */
export function allocatedBytes(pid: number): Promise<number | undefined> {
  return readKib(`/proc/${pid}/status`, /^VmData:\s+(\d+) kB$/m);
}

async function readKib(path: string, line: RegExp): Promise<number | undefined> {
  const kib = line.exec(await readProcFile(path))?.[1];
  return kib === undefined ? undefined : Number(kib) * 1024;
}
