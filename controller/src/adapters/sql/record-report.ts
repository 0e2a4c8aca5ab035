import { controllerLimits, type DeviceId, type ReportItem } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { ReportRecord } from "../../ports/fleet-store.ts";
import type { Schema } from "./schema.ts";

/** A report is applied only when it is newer than the newest applied one (protocol.md 3). */
export async function recordReport(
  transaction: Transaction<Schema>,
  device: DeviceId,
  report: ReportRecord,
): Promise<"stored" | "duplicate"> {
  const { boot, seq, atMs, reportedSeq, items, slots, dropped } = report;
  const { numUpdatedRows } = await transaction
    .updateTable("devices")
    .set({
      report_boot: boot,
      report_seq: seq,
      last_seen_at_ms: atMs,
      reported_seq: reportedSeq,
      slots: JSON.stringify(slots),
      dropped,
    })
    .where("id", "=", device)
    .where((where) =>
      where.or([
        where("report_boot", "<", boot),
        where.and([where("report_boot", "=", boot), where("report_seq", "<", seq)]),
      ]),
    )
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return "duplicate";
  await addItems(transaction, device, report);
  for (const item of items) await advanceExecution(transaction, device, item);
  return "stored";
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

/** What the device says of a release belongs to the newest deployment that gave it this release in this slot. */
async function advanceExecution(
  transaction: Transaction<Schema>,
  device: DeviceId,
  item: ReportItem,
): Promise<void> {
  const newest = await transaction
    .selectFrom("executions")
    .select("deployment")
    .where("device", "=", device)
    .where("slot", "=", item.slot)
    .where("release", "=", item.release)
    .where("seq", "is not", null)
    .orderBy("seq", "desc")
    .executeTakeFirst();
  if (newest === undefined) return;
  await transaction
    .updateTable("executions")
    .set({ step: item.step, code: item.code ?? null, detail: item.detail ?? null })
    .where("device", "=", device)
    .where("deployment", "=", newest.deployment)
    .execute();
}
