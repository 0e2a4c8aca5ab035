import type { DeviceId } from "@modelfleet/protocol";
import type { Execution } from "./execution.ts";
import type { OfferHold } from "./offer-hold.ts";
import type { RolloutSnapshot } from "./rollout.ts";

/** One device of a rollout, with all that a person who asks about it needs. */
export interface ExplainedDevice {
  readonly device: DeviceId;
  readonly execution: Execution;
  /** null: control, or a later joiner. */
  readonly stage: number | null;
  readonly isControl: boolean;
  readonly online: boolean;
  readonly snapshot: RolloutSnapshot;
  /** What holds its order back by the plan's pace; null: nothing of its own. */
  readonly hold: OfferHold | null;
  /** When it may next begin to serve; null: at any time. */
  readonly nextWindowAtMs: number | null;
  readonly nowMs: number;
}
