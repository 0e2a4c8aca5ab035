import { readFile, readlink } from "node:fs/promises";

/** Processes of this machine, for the lock of the data folder and for runners that outlived their agent. */
export const processTable = {
  ownPid: process.pid,
  identityOf: async (pid: number): Promise<string | undefined> => {
    const start = await startTicks(pid);
    if (start !== undefined) return start;
    return isAlive(pid) ? "alive" : undefined;
  },
  workingFolderOf: (pid: number): Promise<string | undefined> =>
    readlink(`/proc/${pid}/cwd`).catch(() => undefined),
  kill: (pid: number): void => {
    try {
      process.kill(pid, "SIGKILL");
    } catch (cause) {
      if (!isGone(cause)) throw cause;
    }
  },
} as const;

/** Clock tick the process started at, since the machine's start; tells a process from a later one with its pid (proc(5), field 22). */
async function startTicks(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name in field 2 may hold spaces and brackets; fields after it are counted from its last bracket.
  return text.slice(text.lastIndexOf(")") + 2).split(" ")[19];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

/** It ended by itself in the meantime. */
function isGone(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ESRCH";
}
