import type { ExecutionState, PlanStage, StageState } from "@modelfleet/protocol";

/** How many executions of a stage are in each state. */
export type Tally = Readonly<Partial<Record<ExecutionState, number>>>;

/** Of the skipped ones only those that had it already count, and as ok. */
export interface StageCounts {
  readonly tally: Tally;
  readonly alreadyInstalled: number;
}

/** What a rollout knows of one stage; its machine is `planRollout`. */
export interface Stage {
  readonly stage: number;
  readonly state: StageState;
  readonly detail: string | null;
  readonly startedAtMs: number | null;
  readonly deadlineAtMs: number | null;
  readonly bakeUntilMs: number | null;
  /** Counted failures that a person has acknowledged by resuming; only further ones trip again. */
  readonly acknowledged: number;
  readonly counts: StageCounts;
}

/** What the thresholds of a stage compare (rollouts.md 3). */
export interface StageFigures {
  /** N: its size without canceled, removed, incompatible, pinned and deferred ones. */
  readonly counted: number;
  /** Stragglers. */
  readonly deferred: number;
  readonly ok: number;
  readonly bad: number;
  readonly decided: number;
}

export type StageVerdict =
  | {
      readonly kind: "halt";
      readonly by: "errorsMax" | "errorPercent" | "fastErrorPercent" | "successPercent";
      readonly sentence: string;
    }
  | { readonly kind: "quorum" }
  | { readonly kind: "empty" }
  | { readonly kind: "wait" };

export type StageThresholdsOf = Pick<PlanStage, "thresholds">["thresholds"];
