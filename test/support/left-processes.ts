import { readdirSync, readFileSync } from "node:fs";

export type LeftProcess = { readonly pid: number; readonly command: string };

/** What a process is told of its origin, in its environment. */
export type Mark = { readonly name: string; readonly value: string };

/** What every process has in its environment that a worker of vitest or one of its processes has started. */
export const workerMark: Mark = {
  name: "MODELFLEET_TEST_WORKER",
  value: `${process.pid}-${performance.timeOrigin}`,
};

/**
 * Processes that live and descend from this one, or carry the mark although whoever started them is gone. Linux, where
 * `/proc` tells; elsewhere none is found.
 */
export function leftProcesses(mark: Mark): LeftProcess[] {
  const living = pidsNow().flatMap((pid) => lookAt(pid) ?? []);
  const ours = new Set([process.pid]);
  // A child has mostly a higher number than its parent, but numbers begin anew.
  for (let before = 0; before < ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of living) if (ours.has(parent)) ours.add(pid);
  }
  return living
    .filter(({ pid }) => pid !== process.pid && (ours.has(pid) || carries(pid, mark)))
    .map(({ pid }) => ({ pid, command: told(pid, "cmdline").replaceAll("\0", " ").trim() }));
}

/** Ends them, also where one of them has ended meanwhile. */
export function endProcesses(processes: readonly LeftProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "ESRCH")) throw cause;
    }
  }
}

function pidsNow(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function lookAt(pid: number): { readonly pid: number; readonly parent: number } | undefined {
  const stat = told(pid, "stat");
  // The name of the program, in brackets, may hold anything.
  const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const isLiving = parent !== undefined && state !== "Z";
  return isLiving ? { pid, parent: Number(parent) } : undefined;
}

function carries(pid: number, { name, value }: Mark): boolean {
  return told(pid, "environ").split("\0").includes(`${name}=${value}`);
}

/** Empty where it has ended since, or is somebody else's. Without waiting: of a hundred processes that takes a tenth. */
function told(pid: number, file: "stat" | "environ" | "cmdline"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
