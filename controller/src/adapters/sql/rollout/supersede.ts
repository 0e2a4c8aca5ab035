import type { DeviceId } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { ExecutionChange } from "../../../domain/rollout/execution.ts";
import { advanceExecution } from "../../../domain/rollout/machine/advance-execution.ts";
import {
  isCancelable,
  isInFlight,
  isOpen,
} from "../../../domain/rollout/machine/execution-states.ts";
import { executionEntries } from "../../../domain/rollout/rollout-entry.ts";
import { appendAudit } from "../append-audit.ts";
import type { Schema } from "../schema.ts";
import type { ExecutionChanges } from "./execution-changes.ts";
import { type HeededRow, heededExecutions, machineOf } from "./heeded-executions.ts";

/** A newer wish for a slot. */
export interface NewerWish {
  readonly device: DeviceId;
  readonly slot: string;
  /** The deployment or rollout it comes of. */
  readonly by: string;
  /** null: a deployment by hand, which comes before every rollout. */
  readonly priority: number | null;
  readonly atMs: number;
  /** `Principal.id` */
  readonly actor: string;
}

/**
 * Ends what rollouts still mean to do in a slot that is told something newer. What has begun to serve, or is on its way
 * back, can no longer be called off: it leaves the count, for nobody waits for it any more.
 *
 * @returns false when one of higher priority is under way there; then nothing has changed
 */
export async function supersede(
  transaction: Transaction<Schema>,
  changes: ExecutionChanges,
  wish: NewerWish,
): Promise<boolean> {
  const rows = await heededExecutions(transaction, wish.device);
  const others = rows.filter(
    (row) => row.slot === wish.slot && row.rollout !== wish.by && isOpen(row.state),
  );
  const isHigher = (row: HeededRow) => wish.priority !== null && row.priority > wish.priority;
  if (others.some((row) => isHigher(row) && isUnderWay(row))) return false;
  for (const row of others.filter((other) => !isHigher(other))) {
    const change = endOf(row, wish);
    await changes.store(row, change);
    const { steps } = change;
    const detail = { by: wish.by };
    const { atMs, actor } = wish;
    for (const entry of executionEntries(row.rollout, wish.device, { steps, atMs, actor, detail }))
      await appendAudit(transaction, entry);
  }
  return true;
}

function isUnderWay({ state }: HeededRow): boolean {
  return isInFlight(state) || state === "reverting";
}

function endOf(row: HeededRow, { by, atMs }: NewerWish): ExecutionChange {
  const { execution, context } = machineOf(row, atMs);
  const event = isCancelable(row.state)
    ? ({ kind: "cancel", code: "SUPERSEDED", detail: `by ${by}` } as const)
    : ({ kind: "remove", code: "SUPERSEDED" } as const);
  return advanceExecution(execution, event, context);
}
