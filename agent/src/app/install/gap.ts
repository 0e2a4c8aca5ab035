import type { Sha256 } from "@modelfleet/protocol";
import { isTight } from "../../domain/install/memory-room.ts";
import { measureMemory } from "./measure-memory.ts";
import { restore } from "./restore-steps.ts";
import type { EndedGap, SlotRuntime } from "./slot-runtime.ts";
import { type StepContext, slotState } from "./step-context.ts";

/** From here on nobody answers in this slot. Requests under way finish; further ones wait for whoever comes next. */
export async function openGap(release: Sha256, { parts, runtime }: StepContext): Promise<void> {
  const { serving, standby } = runtime;
  runtime.gap = { release, sinceMs: parts.clock.monotonicMs() };
  runtime.serving = null;
  runtime.standby = null;
  const event = { event: "swap.gap-began", slot: runtime.slot, release };
  parts.log.warn(event, "the release that answers is stopped, to make room for another");
  await Promise.all([serving?.stop(), standby?.stop()]);
}

/**
 * The release that made way answers again. If it does not start at once, the next steps go on trying.
 *
 * @returns the gap; undefined when there was none, or it lasts
 */
export async function closeGap(context: StepContext): Promise<EndedGap | undefined> {
  const { runtime, signal } = context;
  const { active } = slotState(context);
  if (runtime.gap === null || active === null) return undefined;
  try {
    await restore({ do: "restore", release: active.release }, context);
  } catch (cause) {
    // Called off for something better; what became of the trial is told all the same.
    if (!signal.aborted) throw cause;
  }
  return endedGap(runtime);
}

function endedGap({ gap, lastGap }: SlotRuntime): EndedGap | undefined {
  return gap === null && lastGap !== null ? lastGap : undefined;
}

export function gapText({ gapMs }: EndedGap): string {
  return `nobody answered for ${gapMs} ms, for want of memory for two releases at once`;
}

/** The release before is kept warm for the way back only where memory allows; else it comes back from disk. */
export async function dropTightStandby({ parts, runtime, running }: StepContext): Promise<void> {
  const { standby, slot } = runtime;
  if (standby === null) return;
  const { memory } = await measureMemory(parts, runtime, running());
  if (!isTight(memory)) return;
  runtime.standby = null;
  const { release } = standby.staged;
  const event = { event: "swap.standby-stopped", slot, release, ...memory };
  parts.log.warn(event, "memory is short: a way back to the release before starts from disk");
  await standby.stop();
}
