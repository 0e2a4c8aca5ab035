import type { Sha256, SlotName } from "@modelfleet/protocol";

/** What the applications of this device have said about a swap that is ready. */
export interface Deferrals {
  /** How long the activation of this release is still put off, ms; 0 is now. */
  readonly deferMs: (slot: SlotName, release: Sha256) => number;
}
