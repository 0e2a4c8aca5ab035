import type { SlotName } from "@modelfleet/protocol";
import type { Verdict } from "../domain/install/probation.ts";
import type { LoadedModel } from "./runner-host.ts";

/**
 * Begins the shadow and then the canary that a proven release asks for; null when it asks for neither, or nothing
 * answers in the slot that it could be compared with.
 */
export type Rehearse = (slot: SlotName, model: LoadedModel) => Rehearsal | null;

/** A proven release beside the one that answers (agent.md 5). */
export interface Rehearsal {
  /** What of it runs now. */
  readonly stage: () => "shadow" | "canary";
  /** Open while it runs; `passed`: the release may be activated. */
  readonly verdict: () => Verdict;
  /** In one line, for the report: what was compared, what agreed, what was dropped. */
  readonly summary: () => string;
  /** The same of one stage that is over. */
  readonly found: (stage: "shadow" | "canary") => string;
  /** Takes it away from the live requests; whatever waits in it is dropped. Safe to repeat. */
  readonly end: () => Promise<void>;
}
