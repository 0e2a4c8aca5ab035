import type {
  DeviceId,
  EligibilityReason,
  ExecutionState,
  Labels,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { Execution, ExecutionChange, ExecutionReport } from "../domain/rollout/execution.ts";
import type { RolloutRecord, RolloutSnapshot } from "../domain/rollout/rollout.ts";
import type { Assignment } from "./deployment-store.ts";
import type { DesiredEntry } from "./fleet-store.ts";

/**
 * Rollouts, their stages and executions. Every change is compare-and-swap: of a rollout by its version, of an execution
 * by its own; where it fails nothing is stored and the answer is false. Every change carries its audit entries, which
 * are in the same transaction. Reports change executions in the transaction that stores the report.
 */
export interface RolloutStore {
  /** With its stages, in state `draft` or `validating`. */
  readonly add: (rollout: RolloutRecord, audit: AuditEntry) => Promise<void>;
  readonly byId: (id: string) => Promise<RolloutSnapshot | undefined>;
  readonly page: (query: RolloutPageQuery) => Promise<RolloutPage>;
  /** Not at their end, or still watched; oldest first, at most `rolloutLimits.activeRolloutsMax`. */
  readonly active: () => Promise<readonly string[]>;
  /**
   * Stores the rollout and the stages of the snapshot. Tallies are not stored: they follow from the executions.
   *
   * @returns false when its version is no longer `from`
   */
  readonly change: (from: number, next: RolloutSnapshot, change: RolloutChange) => Promise<boolean>;

  /** Executions of the frozen target set, a slice at a time; repeated after a crash it replaces what is there. */
  readonly addExecutions: (
    id: string,
    from: number,
    slice: readonly NewExecution[],
  ) => Promise<boolean>;
  /** In their order, of one stage (null: those that joined later), with position above `after`. */
  readonly queued: (
    id: string,
    stage: number | null,
    page: { readonly after: number; readonly count: number; readonly nowMs: number },
  ) => Promise<readonly StoredExecution[]>;
  /** Due at `nowMs`, oldest first. */
  readonly due: (
    id: string,
    page: { readonly nowMs: number; readonly count: number },
  ) => Promise<readonly StoredExecution[]>;
  readonly executions: (id: string, query: ExecutionQuery) => Promise<ExecutionPage>;
  readonly execution: (id: string, device: DeviceId) => Promise<StoredExecution | undefined>;
  /** The open execution of a device's slot, over all rollouts. */
  readonly openOf: (device: DeviceId, slot: SlotName) => Promise<StoredExecution | undefined>;
  /**
   * Changes executions and, where an order goes with it, the device's desired state: all or nothing.
   *
   * @param from version of the rollout; the change is refused when it has moved, so nothing is offered after a halt
   */
  readonly advance: (
    id: string,
    from: number,
    changes: readonly StoredChange[],
  ) => Promise<boolean>;

  /** Devices of a group that are out of service now, whatever the reason, by the value of the plan's label. */
  readonly unavailable: (id: string, groupBy: string) => Promise<ReadonlyMap<string, GroupFigures>>;
  readonly inFlight: (id: string) => Promise<number>;
  /** Open executions of other rollouts on these devices in this slot, by rollout. */
  readonly conflicts: (
    slot: SlotName,
    devices: readonly DeviceId[],
    except: string | null,
  ) => Promise<ReadonlyMap<string, readonly DeviceId[]>>;

  readonly poisoned: (release: Sha256) => Promise<PoisonRecord | undefined>;
  /** Failures of a device within a time, over all rollouts; for the penalty box. */
  readonly failuresOf: (device: DeviceId, sinceMs: number) => Promise<number>;

  /** @returns what was answered before under this key by this caller; undefined: it is new and now taken */
  readonly takeIdempotencyKey: (key: IdempotencyKey) => Promise<IdempotentAnswer | undefined>;
  readonly answerIdempotencyKey: (key: IdempotencyKey, answer: string) => Promise<void>;
  /** One leader: @returns whether `holder` has the lease until `untilMs` */
  readonly lease: (
    name: string,
    holder: string,
    moment: { readonly nowMs: number; readonly untilMs: number },
  ) => Promise<boolean>;
}

export interface RolloutChange {
  readonly audit: readonly AuditEntry[];
  /** What it makes of the release: nobody rolls it out again without a reason. */
  readonly poison?: PoisonRecord;
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
  /** What the slot was told to run before the first order of this rollout; null: nothing. */
  readonly previous: DesiredEntry | null;
}

export interface StoredChange {
  readonly device: DeviceId;
  readonly fromVersion: number;
  readonly change: ExecutionChange;
  /** The order that goes with it. */
  readonly assignment: Assignment | null;
  /** Set with the first order. */
  readonly previous?: DesiredEntry | null;
  readonly audit: readonly AuditEntry[];
}

/** What a report may change: looked up and stored inside the report's transaction. */
export type ReportRule = (
  execution: StoredExecution,
  report: ExecutionReport,
  nowMs: number,
) => Omit<StoredChange, "assignment"> | undefined;

export interface GroupFigures {
  readonly devices: number;
  /** Offline, or with an execution under way, or failed and not yet seen well again. */
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

export interface ExecutionQuery {
  readonly states: readonly ExecutionState[];
  readonly stage: number | null;
  readonly limit: number;
  readonly cursor: string | null;
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
