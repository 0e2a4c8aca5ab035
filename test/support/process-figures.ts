import { readFile } from "node:fs/promises";

/** Processor time a process and its ended children have taken, ms. Linux. */
export async function processorMs(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name of the program, in brackets, may hold anything; the fields after it are numbers.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
  return ((userTicks + systemTicks) * 1_000) / TICKS_PER_SECOND;
}

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** A process's share of the memory it uses, bytes. */
export async function pssBytes(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1]) * 1_024;
}

/** Processes that this one has started and that live. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

export async function sumOf(
  pids: readonly number[],
  figure: (pid: number) => Promise<number>,
): Promise<number> {
  const figures = await Promise.all(pids.map(figure));
  return figures.reduce((sum, value) => sum + value, 0);
}
