import type { DeviceFacts } from "@modelfleet/protocol";
import type { MemoryFacts } from "../../domain/install/memory-room.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import type { InstallParts } from "./install-parts.ts";
import type { SlotRuntime } from "./slot-runtime.ts";

const MIB = 1_048_576;

/** The memory of this device and of what runs on it, now. */
export interface MemoryReading {
  readonly facts: DeviceFacts;
  readonly memory: MemoryFacts;
}

/** @param running every runner of this agent, in whatever slot */
export async function measureMemory(
  { facts, memoryMiB }: Pick<InstallParts, "facts" | "memoryMiB">,
  runtime: SlotRuntime,
  running: readonly LoadedModel[],
): Promise<MemoryReading> {
  const { serving, standby } = runtime;
  const replaceable = serving === null ? [] : [serving, standby];
  const [reading, runningMiB, replaceableMiB] = await Promise.all([
    facts.read(),
    takenMiB(running),
    takenMiB(replaceable.filter((model) => model !== null)),
  ]);
  const availableMiB = reading.memoryAvailableMiB;
  const memory = { availableMiB, budgetMiB: memoryMiB, runningMiB, replaceableMiB };
  return { facts: reading, memory };
}

async function takenMiB(models: readonly LoadedModel[]): Promise<number> {
  const bytes = await Promise.all(models.map((model) => model.memoryBytes()));
  return bytes.reduce<number>((sum, taken) => sum + (taken ?? 0), 0) / MIB;
}
