import { runnerLimits } from "@modelfleet/protocol";
import type { Confinement } from "./confinement.ts";
import { allocatedBytes, residentBytes } from "./process-memory.ts";
import type { RunnerChild } from "./runner-child.ts";

const MIB = 1024 * 1024;

/** How the memory of a runner is held: the system refuses it more at once, or it is ended when it was seen to have more. */
export type MemoryHold = "limited and watched" | "watched";

export interface MemoryGrant {
  /** Of the release. */
  readonly memoryMiB: number;
  /** Of JavaScript. */
  readonly heapMiB: number;
  /** Of the runtime; each has a stack. */
  readonly threads: number;
}

/**
 * Grants a runner whose runtime has started, and that holds no model yet, the memory of its release.
 *
 * Its limit counts from what it has allocated by now: that differs by half a gigabyte between versions of Node, and all
 * but a little of it is never touched. What is watched is what it really takes.
 */
export async function holdMemory(
  child: RunnerChild,
  { memoryMiB, heapMiB, threads }: MemoryGrant,
  { limitMemory }: Confinement,
): Promise<MemoryHold> {
  const { pid } = child;
  const moreHeapMiB = heapMiB - runnerLimits.heapMiB;
  const grantedMiB = runnerLimits.baseMemoryMiB + moreHeapMiB + memoryMiB;
  watchMemory(child, pid, grantedMiB);
  const beforeBytes = await allocatedBytes(pid);
  if (limitMemory === undefined || beforeBytes === undefined) return "watched";
  const ownMiB = heapMiB + threads * runnerLimits.stackMiB;
  const isLimited = await limitMemory(pid, beforeBytes + (ownMiB + memoryMiB) * MIB);
  return isLimited ? "limited and watched" : "watched";
}

function watchMemory(child: RunnerChild, pid: number, grantedMiB: number): void {
  const look = async () => {
    const bytes = await residentBytes(pid);
    if (bytes !== undefined && bytes > grantedMiB * MIB) child.killForMemory(grantedMiB);
  };
  const timer = setInterval(() => void look(), runnerLimits.memoryPollMs);
  void child.exited.then(() => clearInterval(timer));
}
