import type { Sha256, SlotName } from "@modelfleet/protocol";
import type { Deferral } from "../domain/install/deferral.ts";

/** A release that could take the place of the one that answers. */
export interface DueSwap {
  readonly release: Sha256;
  /** How long it may be put off at most, ms from the first time it was due. */
  readonly boundMs: number;
}

/** What the applications of this device have said about swaps. */
export interface Deferrals {
  /** Whether this swap is put off now. The first time it is asked about a swap, the bound begins to run. */
  readonly judge: (slot: SlotName, swap: DueSwap) => Deferral;
  /** The controller knows of the newest decision. Resolves to what there is to say about it. */
  readonly told: (slot: SlotName) => string;
  /** The swap takes place, or is called off. What putting it off came to; undefined when nobody did. */
  readonly ended: (slot: SlotName) => string | undefined;
}

/** How a slot stands, for the application that asks. */
export interface DeferralStatus {
  readonly slot: SlotName;
  /** How long the last decision still holds, ms; 0 when there is none. */
  readonly deferredMs: number;
  readonly waiting: WaitingSwap | null;
}

export interface WaitingSwap {
  readonly release: Sha256;
  readonly waitedMs: number;
  /** When it takes place whatever is said, ms from now. */
  readonly forcedInMs: number;
}

/** What an application may say and ask about swaps. */
export interface Holds {
  /** Not before `recheckAfterMs` have passed. It replaces what was said before, and counts for whatever swap is due by then. */
  readonly defer: (slot: SlotName, recheckAfterMs: number) => DeferralStatus;
  readonly status: (slot: SlotName) => DeferralStatus;
}
