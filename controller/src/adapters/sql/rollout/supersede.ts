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
import { type HeededExecution, heededExecutions, machineOf } from "./heeded-executions.ts";

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
  const all = await heededExecutions(transaction, wish.device);
  const others = all.filter(
    ({ row }) => row.slot === wish.slot && row.rollout !== wish.by && isOpen(row.state),
  );
  const isHigher = ({ facts }: HeededExecution) =>
    wish.priority !== null && facts.priority > wish.priority;
  if (others.some((other) => isHigher(other) && isUnderWay(other))) return false;
  for (const other of others.filter((one) => !isHigher(one))) {
    const change = endOf(other, wish);
    await changes.store(other.row, change);
    const { atMs, actor, by } = wish;
    const told = { steps: change.steps, detail: { by }, atMs, actor };
    for (const entry of executionEntries(other.row.rollout, wish.device, told)) {
      await appendAudit(transaction, entry);
    }
  }
  return true;
}

function isUnderWay({ row }: HeededExecution): boolean {
  return isInFlight(row.state) || row.state === "reverting";
}

function endOf(heeded: HeededExecution, { by, atMs }: NewerWish): ExecutionChange {
  const { execution, context } = machineOf(heeded, { nowMs: atMs, mayFail: false });
  const event = isCancelable(execution.state)
    ? ({ kind: "cancel", code: "SUPERSEDED", detail: `by ${by}` } as const)
    : ({ kind: "remove", code: "SUPERSEDED" } as const);
  return advanceExecution(execution, event, context);
}
