import type { DeviceId, ReportItem, SlotReport } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { ExecutionReport } from "../../../domain/rollout/execution.ts";
import { advanceExecution } from "../../../domain/rollout/machine/advance-execution.ts";
import { isOpen } from "../../../domain/rollout/machine/execution-states.ts";
import { executionEntries } from "../../../domain/rollout/rollout-entry.ts";
import { appendAudit } from "../append-audit.ts";
import type { Schema } from "../schema.ts";
import { ExecutionChanges } from "./execution-changes.ts";
import { type HeededRow, heededExecutions, machineOf } from "./heeded-executions.ts";

/** What a device has just said; the slots are the newest that are known. */
export interface HeardDevice {
  readonly device: DeviceId;
  readonly reportedSeq: number;
  readonly items: readonly ReportItem[];
  readonly slots: readonly SlotReport[];
  readonly atMs: number;
}

/**
 * What a report or hello means for rollouts, in its own transaction. Rules:
 *
 * 1. Every open execution of the device hears of its own slot.
 * 2. So does one that succeeded, as long as its rollout goes on or is watched and its release is what the slot is told
 *    to run; but not while another rollout is at work in that slot.
 * 3. A device that serves is well again.
 *
 * @returns the rollouts of which something has changed
 */
export async function hearDevice(
  transaction: Transaction<Schema>,
  heard: HeardDevice,
): Promise<readonly string[]> {
  const rows = await heededExecutions(transaction, heard.device);
  if (rows.length === 0) return [];
  const changes = new ExecutionChanges(transaction);
  const changed: string[] = [];
  for (const row of rows) {
    if (!isConcerned(row, rows, heard.atMs)) continue;
    if (await hearOne(transaction, changes, { row, heard })) changed.push(row.rollout);
  }
  await changes.write();
  return changed;
}

/** Rules 1 and 2. */
function isConcerned(row: HeededRow, rows: readonly HeededRow[], nowMs: number): boolean {
  if (isOpen(row.state) || row.is_unwell === 1) return true;
  const isWatched = row.is_over === 0 || (row.watch_until_ms ?? 0) >= nowMs;
  const isElsewhere = rows.some((other) => other.slot === row.slot && isOpen(other.state));
  return isWatched && !isElsewhere;
}

async function hearOne(
  transaction: Transaction<Schema>,
  changes: ExecutionChanges,
  { row, heard }: { readonly row: HeededRow; readonly heard: HeardDevice },
): Promise<boolean> {
  const { device, reportedSeq, atMs } = heard;
  const report: ExecutionReport = {
    kind: "report",
    reportedSeq,
    items: heard.items.filter(({ slot, release }) => slot === row.slot && release === row.release),
    slot: heard.slots.find(({ slot }) => slot === row.slot),
  };
  const { execution, context } = machineOf(row, atMs);
  const change = advanceExecution(execution, report, context);
  // Rule 3.
  const isServing = (report.slot?.active ?? null) !== null;
  const isWellAgain = isServing && row.is_unwell === 1;
  if (change.next === execution && !isWellAgain) return false;
  await changes.store(row, change, { isServing });
  const { steps } = change;
  const actor = `device:${device}`;
  for (const entry of executionEntries(row.rollout, device, { steps, atMs, actor })) {
    await appendAudit(transaction, entry);
  }
  return true;
}
