import type { Sha256, SlotName } from "@modelfleet/protocol";
import type { Deferral } from "../domain/install/deferral.ts";

/** A release that could take the place of the one that answers. */
export interface DueSwap {
  readonly release: Sha256;
  /** Of the order. Each is told anew what it waits for; the bound of all of them is one. */
  readonly attempt: number;
  /** How long it may be put off at most, ms from the first time that nothing else held it up. */
  readonly boundMs: number;
  /** A window, a lock or a rehearsal holds it up as well. */
  readonly isHeldUp: boolean;
}

/** Somebody on this device said no to a release. */
export interface Denied {
  /** In the words of whoever did. */
  readonly reason: string;
  /** The newest that was ordered when it was said. */
  readonly attempt: number;
}

/** What the applications of this device have said about swaps. */
export interface Deferrals {
  /** Whether this swap is put off now. The first time it is asked about a swap that nothing holds up, the bound begins to run. */
  readonly judge: (slot: SlotName, swap: DueSwap) => Deferral;
  /** null: by nobody. */
  readonly denied: (slot: SlotName, release: Sha256) => Denied | null;
  /** The controller knows of the newest decision. Resolves to what there is to say about it. */
  readonly told: (slot: SlotName) => string;
  /** The swap takes place, or is called off. What putting it off came to; undefined when nobody did. */
  readonly ended: (slot: SlotName) => string | undefined;
  /** The release was refused, and that is on disk. */
  readonly refused: (slot: SlotName) => void;
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
  /** When it takes place whatever is said, ms from now; null while a window, a lock or a rehearsal holds it up too. */
  readonly forcedInMs: number | null;
}

/** What an application may say and ask about swaps. */
export interface Holds {
  /** Not before `recheckAfterMs` have passed. It replaces what was said before, and counts for whatever swap is due by then. */
  readonly defer: (slot: SlotName, recheckAfterMs: number) => DeferralStatus;
  /**
   * This release is not to take the slot at all: it is refused, and tried again only by a higher attempt. It waits no more
   * when the promise resolves, and a restart does not forget it.
   *
   * @returns false when it is not the one that waits; then nothing was done
   */
  readonly deny: (slot: SlotName, release: Sha256, reason: string) => Promise<boolean>;
  readonly status: (slot: SlotName) => DeferralStatus;
}
