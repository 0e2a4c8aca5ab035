import type { SlotName } from "@modelfleet/protocol";
import type { LoadedModel } from "../../ports/runner-host.ts";
import type { EndedGap, SlotRuntime } from "./slot-runtime.ts";

/** A release that a process holds now, and what for. */
export interface HeldRelease {
  readonly slot: SlotName;
  readonly role: "serving" | "standby" | "ready";
  readonly model: LoadedModel;
}

/** What the slots hold now. */
export function heldReleases(runtimes: Iterable<SlotRuntime>): readonly HeldRelease[] {
  return [...runtimes].flatMap(({ slot, serving, standby, ready }) => {
    const roles = { serving, standby, ready };
    return (["serving", "standby", "ready"] as const).flatMap((role) => {
      const model = roles[role];
      return model === null ? [] : [{ slot, role, model }];
    });
  });
}

/** For each slot the last time nobody answered because memory did not suffice for two releases. */
export function endedGaps(
  runtimes: Iterable<SlotRuntime>,
): readonly (EndedGap & { readonly slot: SlotName })[] {
  return [...runtimes].flatMap(({ slot, lastGap }) =>
    lastGap === null ? [] : [{ slot, ...lastGap }],
  );
}

/** What is said of the rehearsals that run, by slot. */
export function rehearsalTexts(
  runtimes: Iterable<SlotRuntime>,
): readonly { readonly slot: SlotName; readonly text: string }[] {
  return [...runtimes].flatMap(({ slot, rehearsal: state }) => {
    if (state.kind !== "running") return [];
    return [{ slot, text: state.rehearsal.summary() }];
  });
}
