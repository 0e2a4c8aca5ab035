import type { Sha256, SlotName } from "@modelfleet/protocol";
import type { LoadedModel } from "./runner-host.ts";

/** Where answers come from. The install loop flips it; the local API asks it. */
export interface Serving {
  /**
   * From the next request on, `model` answers for this slot: one synchronous assignment.
   * Then the old one is drained: its requests finish, or after `runnerLimits.drainMsMax` are given to the new one once.
   * Resolves with the drained old model (still running, for a standby), or undefined when the slot was empty.
   */
  readonly activate: (slot: SlotName, model: LoadedModel) => Promise<LoadedModel | undefined>;
  /**
   * From the next request on, nobody answers for this slot: requests are refused as NOT_READY.
   * Resolves when the requests of the old model have finished or been given up.
   */
  readonly deactivate: (slot: SlotName) => Promise<void>;
  /**
   * From the next request on, `weightPercent` of the requests for this slot, by a stable hash of their key, go to `model`;
   * null ends that, and resolves when its requests have finished. Its own activation ends it too, before anything else,
   * and so does a slot that is emptied.
   */
  readonly canary: (slot: SlotName, canary: Canary | null) => Promise<void>;
  readonly active: (slot: SlotName) => LoadedModel | undefined;
  /** Counts since this release became active in this slot; for the health window. */
  readonly health: (slot: SlotName) => ServingHealth | undefined;
}

export interface Canary {
  readonly model: LoadedModel;
  /** 1 to 100 */
  readonly weightPercent: number;
}

export interface ServingHealth {
  readonly release: Sha256;
  readonly answered: number;
  /** Answers that failed for a reason of ours (not the caller's bad tensor). */
  readonly failed: number;
}
