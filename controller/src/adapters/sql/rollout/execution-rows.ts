import type {
  DeviceId,
  EligibilityReason,
  ExecutionState,
  Labels,
  Sha256,
  SlotName,
} from "@modelfleet/protocol";
import type { Selectable } from "kysely";
import type { Execution, ExecutionReason } from "../../../domain/rollout/execution.ts";
import { isOpen } from "../../../domain/rollout/machine/execution-states.ts";
import type { DesiredEntry } from "../../../ports/fleet-store.ts";
import type { NewExecution, StoredExecution } from "../../../ports/rollout-store.ts";
import { CONTROL, NO_STAGE } from "./rollout-rows.ts";
import type { RolloutExecutionsTable } from "./rollout-tables.ts";

/** `wanted`: what it ordered is what the slot is told to run; and there is something to go back to. */
export const WANTED = 1;
export const RETURNABLE = 2;

/** An execution with what is known of its rollout and its device. */
export interface ExecutionRow extends Selectable<RolloutExecutionsTable> {
  readonly release: string;
  readonly labels: string;
  readonly online: number;
}

export function executionRow(
  rollout: string,
  slot: string,
  given: NewExecution,
): Selectable<RolloutExecutionsTable> {
  const { device, position, isControl, group, reasons, execution } = given;
  return {
    ...{ rollout, device, slot, position },
    stage: stageKey(given),
    is_control: isControl ? 1 : 0,
    group_value: group,
    reasons: JSON.stringify(reasons),
    ...progressColumns(execution),
    ...standingColumns(execution.state, { isUnwell: false, wanted: 0 }),
    version: 0,
    previous: null,
  };
}

/** What a device does for an execution beside its state. */
export interface Standing {
  /** An attempt has failed, and it was not seen to serve since. */
  readonly isUnwell: boolean;
  /** As in the table. */
  readonly wanted: number;
}

/** What a transition changes. */
export function progressColumns(execution: Execution) {
  const { state, code, detail, attempts, seq, dueAtMs } = execution;
  return {
    ...{ state, code, detail, attempts, seq },
    offered_at_ms: execution.offeredAtMs,
    attempt_at_ms: execution.attemptAtMs,
    changed_at_ms: execution.changedAtMs,
    due_at_ms: dueAtMs,
    timer_at_ms: state === "queued" ? null : dueAtMs,
  };
}

export function standingColumns(state: ExecutionState, { isUnwell, wanted }: Standing) {
  const isWatched = state === "succeeded" && wanted > 0;
  return {
    wanted,
    is_unwell: isUnwell ? 1 : 0,
    is_heeded: isUnwell || isWatched || isOpen(state) ? 1 : 0,
  };
}

export function executionOf(row: ExecutionRow): StoredExecution {
  const { rollout, position, version, stage } = row;
  return {
    ...{ rollout, position, version },
    device: row.device as DeviceId,
    stage: stage < 0 ? null : stage,
    isControl: row.is_control === 1,
    group: row.group_value,
    reasons: JSON.parse(row.reasons) as EligibilityReason[],
    slot: row.slot as SlotName,
    release: row.release as Sha256,
    labels: JSON.parse(row.labels) as Labels,
    online: row.online === 1,
    isUnwell: row.is_unwell === 1,
    previous: row.previous === null ? null : (JSON.parse(row.previous) as DesiredEntry),
    execution: stateOf(row),
  };
}

/** How far it is. */
export function stateOf(row: Selectable<RolloutExecutionsTable>): Execution {
  const { state, detail, attempts, seq } = row;
  return {
    ...{ state, detail, attempts, seq },
    code: row.code as ExecutionReason | null,
    offeredAtMs: row.offered_at_ms,
    attemptAtMs: row.attempt_at_ms,
    changedAtMs: row.changed_at_ms,
    dueAtMs: row.due_at_ms,
  };
}

function stageKey({ stage, isControl }: NewExecution): number {
  return stage ?? (isControl ? CONTROL : NO_STAGE);
}
