import type {
  ExecutionState,
  RefusalCode,
  ReportItem,
  RolloutPlan,
  Sha256,
  SlotReport,
} from "@modelfleet/protocol";

/** What a rollout knows of one of its devices; its machine is `advanceExecution`. */
export interface Execution {
  readonly state: ExecutionState;
  /** Why it waits, or ended so: a refusal code of the device or one of `ExecutionCode`. */
  readonly code: ExecutionReason | null;
  readonly detail: string | null;
  /** Orders given so far; never set back, also not by leaving and joining again. */
  readonly attempts: number;
  /** Sequence of the document of the newest order; null before the first. */
  readonly seq: number | null;
  /** When the newest order was given; null before the first. */
  readonly offeredAtMs: number | null;
  /**
   * From when its execution timeout counts: the first order of the attempt, or the last look at which the device was
   * offline and had not answered it; null before the first.
   */
  readonly attemptAtMs: number | null;
  readonly changedAtMs: number;
  /** The next moment at which time alone changes something: a timer, or the end of a back-off. */
  readonly dueAtMs: number | null;
}

/** Reasons of the controller's own, beside the refusal codes of devices. */
export type ExecutionCode =
  /** Said it was confirmed, or was, and serves other bytes. */
  | "DIVERGED"
  | "OFFER_TIMEOUT"
  | "STEP_TIMEOUT"
  | "EXECUTION_TIMEOUT"
  /** The controller, the broker or the download server was at fault: never counts as a failure, nor as an attempt. */
  | "INFRASTRUCTURE"
  /** Online and undecided at the deadline of its stage. */
  | "STAGE_DEADLINE"
  | "ALREADY_INSTALLED"
  | "INCOMPATIBLE"
  | "PINNED"
  /** A newer wish for this slot: another rollout of higher priority, or a deployment by hand. */
  | "SUPERSEDED"
  /** An operator took it out. */
  | "EXCLUDED"
  | "ABORTED"
  | "REVERTED"
  | "REVOKED_DEVICE"
  | "NOT_SELECTED"
  | "OFFLINE_AT_DEADLINE"
  /** Nothing to go back to: the device keeps what it has, for it is never left without a model. */
  | "NO_PREVIOUS"
  /** Penalty box. */
  | "BOXED"
  /** Waiting states. */
  | "WINDOW"
  | "LOCK"
  | "CONSENT"
  | "BUDGET"
  | "BACKOFF";

export type ExecutionReason = ExecutionCode | RefusalCode;

/** What happens to an execution. Time is an argument of the machine. */
export type ExecutionEvent =
  | {
      readonly kind: "skip";
      readonly code: "ALREADY_INSTALLED" | "INCOMPATIBLE" | "PINNED";
      readonly detail: string | null;
    }
  /** Its order is stored under this sequence. */
  | { readonly kind: "offer"; readonly seq: number }
  | ExecutionReport
  /** A timer may be due. */
  | { readonly kind: "tick"; readonly isOnline: boolean }
  /** The deadline of its stage. */
  | { readonly kind: "deadline"; readonly isOnline: boolean; readonly stragglers: "defer" | "fail" }
  /** Only what has not begun to serve. */
  | {
      readonly kind: "cancel";
      readonly code: "SUPERSEDED" | "EXCLUDED" | "ABORTED";
      readonly detail: string | null;
    }
  | { readonly kind: "remove"; readonly code: "REVOKED_DEVICE" | "NOT_SELECTED" | "SUPERSEDED" }
  /** Its order to go back is stored under this sequence; null: there is nothing to go back to. */
  | { readonly kind: "revert"; readonly seq: number | null }
  /** An operator asks for what failed again. */
  | { readonly kind: "retry" };

/** What a signed report or hello of the device says about the slot. */
export interface ExecutionReport {
  readonly kind: "report";
  /** Highest sequence the device said it holds. */
  readonly reportedSeq: number;
  /** Steps of this release in this slot, oldest first; none in a hello. */
  readonly items: readonly ReportItem[];
  readonly slot: SlotReport | undefined;
}

/** What is the same for every execution of a rollout. */
export interface ExecutionPolicy {
  readonly release: Sha256;
  readonly timeouts: RolloutPlan["timeouts"];
  readonly retries: RolloutPlan["retries"];
}

export interface ExecutionMoment {
  readonly nowMs: number;
  /** 0 ≤ x < 1, for the back-off; the same for the same device and attempt. */
  readonly chance: number;
}

/** One transition: what is audited. */
export interface ExecutionStep {
  readonly from: ExecutionState;
  readonly to: ExecutionState;
  readonly code: ExecutionReason | null;
}

export interface ExecutionChange {
  readonly next: Execution;
  /** In order; empty when the event changes no state. */
  readonly steps: readonly ExecutionStep[];
}
