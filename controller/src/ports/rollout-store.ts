import type {
  DeviceId,
  EligibilityReason,
  ExecutionState,
  Labels,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { Execution, ExecutionChange } from "../domain/rollout/execution.ts";
import type { RateFacts } from "../domain/rollout/pacing/rate-tokens.ts";
import type { RolloutRecord, RolloutSnapshot } from "../domain/rollout/rollout.ts";
import type { DesiredEntry, DesiredReplacement } from "./fleet-store.ts";

/**
 * Rollouts, their stages and executions. Every change is compare-and-swap: of a rollout by its version, of an execution
 * by its own; where it fails nothing is stored and the answer is false. Every change carries its audit entries, which
 * are in the same transaction. Reports change executions in the transaction that stores the report.
 */
export interface RolloutStore {
  /**
   * In state `draft` or `validating`, without stages.
   *
   * @param asked the key of the call: answered by this rollout in the same transaction, so that a crash makes no second one
   */
  readonly add: (
    rollout: RolloutRecord,
    audit: readonly AuditEntry[],
    asked?: IdempotencyKey,
  ) => Promise<void>;
  readonly byId: (id: string) => Promise<RolloutSnapshot | undefined>;
  readonly page: (query: RolloutPageQuery) => Promise<RolloutPage>;
  /**
   * Not at their end, and behind them those still watched or with devices that are expected back; oldest first, at most
   * `rolloutLimits.activeRolloutsMax`.
   */
  readonly active: (nowMs: number) => Promise<readonly string[]>;
  /**
   * Stores the rollout, with version `from` + 1, and the stages of the snapshot. Tallies are not stored: they follow
   * from the executions.
   *
   * @returns false when its version is no longer `from`
   */
  readonly change: (from: number, next: RolloutSnapshot, change: RolloutChange) => Promise<boolean>;

  /**
   * Executions of the target set, a slice at a time, under the rollout's version. A device that is there already keeps
   * what it has. A slice with position 0 of a rollout that is not split yet (`devices` is 0) begins anew: what a
   * crash left is removed.
   */
  readonly addExecutions: (
    id: string,
    from: number,
    slice: readonly NewExecution[],
  ) => Promise<boolean>;
  /** Every device it has or had, and the first position that nobody has. */
  readonly members: (
    id: string,
  ) => Promise<{ readonly names: readonly DeviceId[]; readonly position: number }>;
  /** In their order, of one stage (null: later joiners), with position above `after`; none that waits for its back-off. */
  readonly queued: (
    id: string,
    stage: number | null,
    page: { readonly after: number; readonly count: number; readonly nowMs: number },
  ) => Promise<readonly StoredExecution[]>;
  /** Whose timer is due at `nowMs`, oldest first; the end of a back-off is no timer: `queued` has those. */
  readonly due: (
    id: string,
    page: { readonly nowMs: number; readonly count: number },
  ) => Promise<readonly StoredExecution[]>;
  /** In their order; a page is not moved by what comes in between. */
  readonly executions: (id: string, query: ExecutionQuery) => Promise<ExecutionPage>;
  /**
   * What is left to settle (`RolloutSnapshot.leftToSettle`), in their order. `keep`: what has to be canceled; `revert`:
   * also devices that are still told to run the release and have something to go back to.
   */
  readonly toSettle: (id: string, query: SettleQuery) => Promise<readonly StoredExecution[]>;
  readonly execution: (id: string, device: DeviceId) => Promise<StoredExecution | undefined>;
  /** The open execution of a device's slot, over all rollouts. */
  readonly openOf: (device: DeviceId, slot: SlotName) => Promise<StoredExecution | undefined>;
  /**
   * Changes executions and, where an order goes with it, the device's desired state: all or nothing. An offer cancels
   * what rollouts of no higher priority still mean to do in this slot (SUPERSEDED).
   *
   * @param from version of the rollout; the change is refused when it has moved, so nothing is offered after a halt. It
   *   stays the same.
   * @returns false when it, an execution's version or a device's sequence has moved
   */
  readonly advance: (
    id: string,
    from: number,
    changes: readonly StoredChange[],
  ) => Promise<boolean>;

  /**
   * Of the active devices with these values of a label, or of `class`, over the whole fleet; "" for those without it. A
   * group without devices is left out.
   */
  readonly unavailable: (
    groupBy: string,
    groups: readonly string[],
  ) => Promise<ReadonlyMap<string, GroupFigures>>;
  /** Of its orders, as its rate counts them. */
  readonly rateFacts: (id: string, since: RateSpan) => Promise<RateFacts>;
  /** How many of its executions are between the order and the end. */
  readonly inFlight: (id: string) => Promise<number>;
  /** Open executions of other rollouts on these devices in this slot, by rollout. */
  readonly conflicts: (
    slot: SlotName,
    devices: readonly DeviceId[],
    except: string | null,
  ) => Promise<ReadonlyMap<string, readonly DeviceId[]>>;

  readonly poisoned: (release: Sha256) => Promise<PoisonRecord | undefined>;
  /** When a device failed since then, over all rollouts, newest first, at most 100; for the penalty box. */
  readonly failuresOf: (device: DeviceId, sinceMs: number) => Promise<readonly number[]>;

  /** @returns what was answered before under this key by this caller; undefined: it is new and now taken */
  readonly takeIdempotencyKey: (key: IdempotencyKey) => Promise<IdempotentAnswer | undefined>;
  /** Where `add` has not answered it. */
  readonly answerIdempotencyKey: (key: IdempotencyKey, answer: string) => Promise<void>;
  /** The call came to nothing: the key is free again. */
  readonly forgetIdempotencyKey: (key: IdempotencyKey) => Promise<void>;
  /** One leader: @returns whether `holder` has the lease until `untilMs` */
  readonly lease: (
    name: string,
    holder: string,
    moment: { readonly nowMs: number; readonly untilMs: number },
  ) => Promise<boolean>;
  /**
   * At the start of a controller that has the database to itself: leases of an earlier one are over, and calls that were
   * under way in it are answered by nobody.
   */
  readonly recover: () => Promise<void>;
}

export interface RolloutChange {
  readonly audit: readonly AuditEntry[];
  /** What it makes of the release: nobody rolls it out again without a reason. */
  readonly poison?: PoisonRecord;
  /** The stage into which the control cohort and later joiners come now, all that have none. */
  readonly takeInto?: number;
}

export interface NewExecution {
  readonly device: DeviceId;
  /** In the order of the rollout; unique in it. */
  readonly position: number;
  /** null: control, or a later joiner. */
  readonly stage: number | null;
  readonly isControl: boolean;
  readonly group: string | null;
  readonly reasons: readonly EligibilityReason[];
  readonly execution: Execution;
}

export interface StoredExecution extends NewExecution {
  readonly rollout: string;
  readonly slot: SlotName;
  readonly release: Sha256;
  /** Counts its changes. */
  readonly version: number;
  readonly labels: Labels;
  readonly online: boolean;
  /** An attempt has failed, and the device was not seen to serve since. */
  readonly isUnwell: boolean;
  /** What the slot was told to run before the first order of this rollout; null: nothing. */
  readonly previous: DesiredEntry | null;
}

export interface StoredChange {
  readonly device: DeviceId;
  readonly fromVersion: number;
  readonly change: ExecutionChange;
  /** The order that goes with it; without an entry the slot is named no more. */
  readonly assignment: RolloutAssignment | null;
  /** Set with the first order. */
  readonly previous?: DesiredEntry | null;
  readonly audit: readonly AuditEntry[];
}

export interface RolloutAssignment extends DesiredReplacement {
  readonly entry: DesiredEntry | null;
}

export interface GroupFigures {
  readonly devices: number;
  /** Offline, or with an execution of any rollout under way, or failed and not yet seen well again. */
  readonly unavailable: number;
}

export interface PoisonRecord {
  readonly release: Sha256;
  readonly rollout: string;
  readonly reason: string;
  readonly atMs: number;
}

export interface RolloutPageQuery {
  readonly limit: number;
  /** Opaque; of the page before. */
  readonly cursor: string | null;
  readonly direction: "oldest-first" | "newest-first";
}

export interface RolloutPage {
  readonly rollouts: readonly RolloutSnapshot[];
  readonly next: string | null;
}

/** Orders count that were given after the beginnings and no later than now: a clock that was set back leaves others. */
export interface RateSpan {
  readonly minuteMs: number;
  readonly shareMs: number;
  readonly nowMs: number;
}

export interface ExecutionQuery {
  readonly states: readonly ExecutionState[];
  /** Only of devices that are connected. */
  readonly isOnline?: true;
  /** Only those that have got fewer orders than this. */
  readonly attemptsBelow?: number;
  readonly stage: number | null;
  readonly limit: number;
  readonly cursor: string | null;
}

export interface SettleQuery {
  readonly devices: "keep" | "revert";
  /** null: of any stage, and of none. */
  readonly stages: readonly number[] | null;
  readonly count: number;
}

export interface ExecutionPage {
  readonly executions: readonly StoredExecution[];
  readonly next: string | null;
}

export interface IdempotencyKey {
  readonly caller: string;
  readonly key: string;
  readonly bodySha256: Sha256;
  readonly atMs: number;
}

export type IdempotentAnswer =
  /** The same body: the id that came of it; null while the first call is under way. */
  { readonly kind: "same"; readonly answer: string | null } | { readonly kind: "other-body" };
