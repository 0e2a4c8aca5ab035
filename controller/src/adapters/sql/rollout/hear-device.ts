import type { DeviceId, ReportItem, SlotReport } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { ExecutionReport } from "../../../domain/rollout/execution.ts";
import { advanceExecution } from "../../../domain/rollout/machine/advance-execution.ts";
import { isOpen } from "../../../domain/rollout/machine/execution-states.ts";
import { executionEntries } from "../../../domain/rollout/rollout-entry.ts";
import { appendAudit } from "../append-audit.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { ExecutionChanges } from "./execution-changes.ts";
import { type HeededExecution, heededExecutions, machineOf } from "./heeded-executions.ts";

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
  const all = await heededExecutions(transaction, heard.device);
  if (all.length === 0) return [];
  const changes = new ExecutionChanges(transaction);
  const changed: string[] = [];
  for (const heeded of all) {
    const isElsewhere = all.some(({ row }) => row.slot === heeded.row.slot && isOpen(row.state));
    if (!(await isConcerned(transaction, heeded.row, { isElsewhere, nowMs: heard.atMs }))) continue;
    if (await hearOne(transaction, changes, { heeded, heard })) changed.push(heeded.row.rollout);
  }
  await changes.write();
  return changed;
}

/** Rules 1 and 2. */
async function isConcerned(
  transaction: Transaction<Schema>,
  { rollout, state, is_unwell: isUnwell }: HeededExecution["row"],
  { isElsewhere, nowMs }: { readonly isElsewhere: boolean; readonly nowMs: number },
): Promise<boolean> {
  if (isOpen(state) || isUnwell === 1) return true;
  if (isElsewhere) return false;
  const watch = await watchOf.first(transaction, { rollout });
  return watch?.is_over === 0 || (watch?.watch_until_ms ?? 0) >= nowMs;
}

const watchOf = new Prepared<
  { readonly rollout: string },
  Readonly<{ is_over: number; watch_until_ms: number | null }>
>((database, value) =>
  database
    .selectFrom("rollouts")
    .select(["is_over", "watch_until_ms"])
    .where("id", "=", value("rollout")),
);

async function hearOne(
  transaction: Transaction<Schema>,
  changes: ExecutionChanges,
  { heeded, heard }: { readonly heeded: HeededExecution; readonly heard: HeardDevice },
): Promise<boolean> {
  const { row, facts } = heeded;
  const { device, reportedSeq, atMs } = heard;
  const { release } = facts.policy;
  const report: ExecutionReport = {
    kind: "report",
    reportedSeq,
    items: heard.items.filter((item) => item.slot === row.slot && item.release === release),
    slot: heard.slots.find(({ slot }) => slot === row.slot),
  };
  const isRefused = report.items.some(({ step }) => step === "refused");
  const mayFail = isRefused || (report.slot?.refused.length ?? 0) > 0;
  const { execution, context } = machineOf(heeded, { nowMs: atMs, mayFail });
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
