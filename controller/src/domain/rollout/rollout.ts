import type {
  Approval,
  Labels,
  ModelName,
  PauseReason,
  ReleaseVersion,
  RolloutPlan,
  RolloutState,
  Sha256,
} from "@modelfleet/protocol";
import type { Stage } from "./stage.ts";

/** A rollout as it is stored; `version` counts its changes. */
export interface RolloutRecord {
  readonly id: string;
  readonly version: number;
  readonly model: ModelName;
  readonly modelVersion: ReleaseVersion;
  readonly release: Sha256;
  readonly plan: RolloutPlan;
  /** Hex, 32 bytes: the order of the devices. */
  readonly seed: string;
  readonly state: RolloutState;
  readonly paused: PauseReason | null;
  readonly detail: string | null;
  readonly abort: "keep" | "revert" | null;
  readonly approval: Approval;
  /** `Principal.id`. */
  readonly createdBy: string;
  /** Labels that every device of its target set carries: who may command it has a grant over them. */
  readonly scope: Labels;
  readonly createdAtMs: number;
  readonly startAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly watchUntilMs: number | null;
  /** Size of the target set and of the control cohort, frozen when it was split; 0 before. */
  readonly devices: number;
  readonly control: number;
}

/** Everything a decision about a rollout is made of, but the time. */
export interface RolloutSnapshot {
  readonly rollout: RolloutRecord;
  /** In order; empty before it was split. */
  readonly stages: readonly Stage[];
  /** Devices that joined after the split and wait for the last stage. */
  readonly waitingJoiners: number;
  /**
   * While it is aborted or rolled back: executions, of any stage or none, that have still to be canceled, or whose
   * device is still told to run the release and has something to go back to; 0 otherwise.
   */
  readonly leftToSettle: number;
}

/**
 * What is to be done next. Each is one transaction with compare-and-swap on the rollout's version, and one audit
 * event; whoever carries it out makes no choice and may be repeated after a crash.
 */
export type RolloutStep =
  /** Freeze the target set, draw cohorts and stages. */
  | { readonly do: "split" }
  | {
      readonly do: "rollout-to";
      readonly state: RolloutState;
      readonly paused: PauseReason | null;
      readonly detail: string | null;
    }
  | { readonly do: "begin-stage"; readonly stage: number; readonly deadlineAtMs: number }
  | {
      readonly do: "stage-to";
      readonly stage: number;
      readonly state: Stage["state"];
      readonly detail: string | null;
      readonly bakeUntilMs: number | null;
    }
  /** Halt: the stage has failed and the rollout stands, in one change. */
  | { readonly do: "halt"; readonly stage: number; readonly detail: string }
  /** Undecided executions of the stage meet its deadline. */
  | { readonly do: "close-stage"; readonly stage: number; readonly stragglers: "defer" | "fail" }
  /**
   * Send back the devices of these stages, as the plan wants it after a failure: the rollout stays paused, or rolls
   * back as a whole. Who is not back at the deadline is listed.
   */
  | {
      readonly do: "revert";
      readonly stages: readonly number[];
      readonly state: "paused" | "rolling-back";
      readonly deadlineAtMs: number;
    };

/** A word of a person, or of the rollout's own plan. */
export type RolloutCommand =
  | { readonly kind: "start"; readonly reason: string }
  | { readonly kind: "approve"; readonly reason: string; readonly approval: Approval }
  | { readonly kind: "deny"; readonly reason: string }
  | { readonly kind: "pause"; readonly reason: string }
  | { readonly kind: "resume"; readonly reason: string }
  | { readonly kind: "promote"; readonly reason: string }
  | { readonly kind: "abort"; readonly reason: string; readonly devices: "keep" | "revert" }
  | { readonly kind: "rollback"; readonly reason: string }
  | { readonly kind: "retry-failed"; readonly reason: string };

export type CommandAnswer =
  | { readonly kind: "done"; readonly snapshot: RolloutSnapshot }
  /** The state does not allow it; the sentence says which states do. */
  | { readonly kind: "refused"; readonly sentence: string };
