import type { ExecutionState, RolloutState, StageState } from "@modelfleet/protocol";

/** Tables of rollouts; part of the schema. */
export interface RolloutTables {
  rollouts: RolloutsTable;
  rollout_stages: RolloutStagesTable;
  rollout_tallies: RolloutTalliesTable;
  rollout_executions: RolloutExecutionsTable;
  rollout_orders: RolloutOrdersTable;
  poisoned_releases: PoisonedReleasesTable;
  device_failures: DeviceFailuresTable;
  idempotency_keys: IdempotencyKeysTable;
  leases: LeasesTable;
}

export interface RolloutsTable {
  id: string;
  version: number;
  model: string;
  model_version: string;
  release: string;
  slot: string;
  priority: number;
  /** `RolloutPlan` as JSON; never changed. */
  plan: string;
  seed: string;
  state: RolloutState;
  paused: string | null;
  detail: string | null;
  abort: string | null;
  /** `Approval` as JSON. */
  approval: string;
  created_by: string;
  /** `Labels` as JSON. */
  scope: string;
  created_at_ms: number;
  start_at_ms: number | null;
  started_at_ms: number | null;
  ended_at_ms: number | null;
  watch_until_ms: number | null;
  devices: number;
  control: number;
  /** 1: its state is one of the ends. */
  is_over: number;
  /** Orders given so far. */
  offered: number;
}

export interface RolloutStagesTable {
  rollout: string;
  stage: number;
  state: StageState;
  detail: string | null;
  started_at_ms: number | null;
  deadline_at_ms: number | null;
  bake_until_ms: number | null;
  acknowledged: number;
}

/** How many executions are in each state; changed in the transaction that changes an execution. */
export interface RolloutTalliesTable {
  rollout: string;
  /** Or `NO_STAGE`, `CONTROL`. */
  stage: number;
  state: ExecutionState;
  count: number;
  /** Of the skipped ones, those that had it already. */
  installed: number;
  /** Those that are wanted and can be sent back. */
  returnable: number;
}

export interface RolloutExecutionsTable {
  rollout: string;
  device: string;
  slot: string;
  position: number;
  /** Or `NO_STAGE`, `CONTROL`. */
  stage: number;
  is_control: number;
  group_value: string | null;
  reasons: string;
  state: ExecutionState;
  code: string | null;
  detail: string | null;
  attempts: number;
  seq: number | null;
  offered_at_ms: number | null;
  attempt_at_ms: number | null;
  changed_at_ms: number;
  due_at_ms: number | null;
  /** `due_at_ms` of all but the queued. */
  timer_at_ms: number | null;
  /** 1: an attempt has failed, and the device was not seen to serve since. */
  is_unwell: number;
  /** 1: reports are of interest to it: it is open, unwell, or succeeded and still wanted. */
  is_heeded: number;
  /** 1: what it ordered is what the slot is told to run; 2: and there is something to go back to. */
  wanted: number;
  version: number;
  /** `DesiredEntry` as JSON. */
  previous: string | null;
}

/** How many orders were given when, for as long as a rate looks back. */
export interface RolloutOrdersTable {
  rollout: string;
  at_ms: number;
  count: number;
}

export interface PoisonedReleasesTable {
  release: string;
  rollout: string;
  reason: string;
  at_ms: number;
}

export interface DeviceFailuresTable {
  device: string;
  at_ms: number;
  rollout: string;
  attempt: number;
}

export interface IdempotencyKeysTable {
  caller: string;
  key: string;
  body_sha256: string;
  at_ms: number;
  /** null while the call is under way. */
  answer: string | null;
}

export interface LeasesTable {
  name: string;
  holder: string;
  until_ms: number;
}
