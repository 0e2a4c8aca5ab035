import { readdir, readFile } from "node:fs/promises";

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
export async function leftProcesses(mark: Mark): Promise<LeftProcess[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name));
  const seen = await Promise.all(pids.map((pid) => lookAt(Number(pid), mark)));
  const living = seen.filter((one) => one !== undefined);
  const ours = new Set([process.pid]);
  // A child has mostly a higher number than its parent, but numbers begin anew.
  for (let before = 0; before < ours.size; ) {
    before = ours.size;
    for (const { pid, parent } of living) if (ours.has(parent)) ours.add(pid);
  }
  return living
    .filter(({ pid, isMarked }) => pid !== process.pid && (isMarked || ours.has(pid)))
    .map(({ pid, command }) => ({ pid, command }));
}

type Seen = LeftProcess & { readonly parent: number; readonly isMarked: boolean };

async function lookAt(pid: number, { name, value }: Mark): Promise<Seen | undefined> {
  const [stat, environment, command] = await Promise.all(
    ["stat", "environ", "cmdline"].map((file) =>
      // It may have ended since, or be somebody else's.
      readFile(`/proc/${pid}/${file}`, "utf8").catch(() => ""),
    ),
  );
  // The name of the program, in brackets, may hold anything.
  const [state, parent] = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  if (state === undefined || parent === undefined || state === "Z") return undefined;
  const isMarked = environment?.split("\0").includes(`${name}=${value}`) ?? false;
  const words = command?.replaceAll("\0", " ").trim() ?? "";
  return { pid, parent: Number(parent), isMarked, command: words };
}
