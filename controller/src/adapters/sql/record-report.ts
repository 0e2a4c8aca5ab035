import { controllerLimits, type DeviceId, type ReportItem } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { ReportRecord } from "../../ports/fleet-store.ts";
import type { Schema } from "./schema.ts";

/**
 * Rules:
 *
 * 1. A report is applied only when it is newer than the newest applied one (protocol.md 3).
 * 2. protocol.md 4.8: one that waited in the device's outbox while a later hello told more does not take its slots
 *    back. Neither the boot of a device nor the sequence it holds ever falls, but in a new era.
 * 3. protocol.md 4.8: what it says of a release belongs to the newest deployment of this release in this slot whose
 *    document the device held then. A refusal may be of a document it did not accept: it belongs to the newest of all.
 */
export async function recordReport(
  transaction: Transaction<Schema>,
  device: DeviceId,
  report: ReportRecord,
): Promise<"stored" | "duplicate"> {
  const { boot, seq, atMs, items, dropped } = report;
  const { numUpdatedRows } = await transaction
    .updateTable("devices")
    .set({ report_boot: boot, report_seq: seq, last_seen_at_ms: atMs, dropped })
    .where("id", "=", device)
    .where((where) =>
      where.or([
        where("report_boot", "<", boot),
        where.and([where("report_boot", "=", boot), where("report_seq", "<", seq)]),
      ]),
    )
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return "duplicate";
  await replaceSlots(transaction, device, report);
  await addItems(transaction, device, report);
  for (const item of items) {
    await advanceExecution(transaction, { device, item, heldSeq: report.reportedSeq });
  }
  return "stored";
}

/** Rule 2. */
async function replaceSlots(
  transaction: Transaction<Schema>,
  device: DeviceId,
  { boot, reportedSeq, slots }: ReportRecord,
): Promise<void> {
  await transaction
    .updateTable("devices")
    .set({ reported_seq: reportedSeq, slots: JSON.stringify(slots) })
    .where("id", "=", device)
    .where("reported_seq", "<=", reportedSeq)
    .where((where) => where.or([where("boot", "is", null), where("boot", "<=", boot)]))
    .execute();
}

async function addItems(
  transaction: Transaction<Schema>,
  device: DeviceId,
  { items, atMs }: ReportRecord,
): Promise<void> {
  if (items.length === 0) return;
  const newest = await transaction
    .selectFrom("report_items")
    .select((column) => column.fn.max<number | null>("place").as("place"))
    .where("device", "=", device)
    .executeTakeFirst();
  const first = (newest?.place ?? -1) + 1;
  const rows = items.map((item, i) => ({
    device,
    place: first + i,
    at_ms: atMs,
    item: JSON.stringify(item),
  }));
  await transaction.insertInto("report_items").values(rows).execute();
  await transaction
    .deleteFrom("report_items")
    .where("device", "=", device)
    .where("place", "<", first + items.length - controllerLimits.reportItemsPerDeviceMax)
    .execute();
}

interface Told {
  readonly device: DeviceId;
  readonly item: ReportItem;
  /** Sequence of the document the device held when it wrote this. */
  readonly heldSeq: number;
}

/** Rule 3. */
async function advanceExecution(
  transaction: Transaction<Schema>,
  { device, item, heldSeq }: Told,
): Promise<void> {
  const ofRelease = transaction
    .selectFrom("executions")
    .select("deployment")
    .where("device", "=", device)
    .where("slot", "=", item.slot)
    .where("release", "=", item.release)
    .where("seq", "is not", null);
  const meant = item.step === "refused" ? ofRelease : ofRelease.where("seq", "<=", heldSeq);
  const newest = await meant.orderBy("seq", "desc").executeTakeFirst();
  if (newest === undefined) return;
  await transaction
    .updateTable("executions")
    .set({ step: item.step, code: item.code ?? null, detail: item.detail ?? null })
    .where("device", "=", device)
    .where("deployment", "=", newest.deployment)
    .execute();
}
