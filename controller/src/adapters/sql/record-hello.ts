import type { DeviceId } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { HelloRecord } from "../../ports/fleet-store.ts";
import { slotsOf } from "./record-report.ts";
import { hearDevice } from "./rollout/hear-device.ts";
import type { Schema } from "./schema.ts";

/**
 * Rule, protocol.md 4.8: a hello that comes behind reports that were written after it does not take the slots back.
 *
 * @returns the rollouts of which it has changed something
 */
export async function recordHello(
  transaction: Transaction<Schema>,
  device: DeviceId,
  hello: HelloRecord,
): Promise<readonly string[]> {
  const { era, boot, atMs, reports, slots } = hello;
  // A device that lost its state counts its reports from the beginning.
  await transaction
    .updateTable("devices")
    .set({ report_boot: -1, report_seq: -1 })
    .where("id", "=", device)
    .where("era", "<", era)
    .execute();
  const row = await transaction
    .selectFrom("devices")
    .select(["report_boot", "report_seq", "reported_seq", "slots"])
    .where("id", "=", device)
    .executeTakeFirst();
  const isLate = row?.report_boot === boot && reports !== null && row.report_seq >= reports;
  const newest = isLate ? slotsOf(row.slots) : slots;
  const reportedSeq = isLate ? Math.max(hello.reportedSeq, row.reported_seq) : hello.reportedSeq;
  await transaction
    .updateTable("devices")
    .set({
      era,
      boot,
      hello_at_ms: hello.issuedAtMs,
      last_seen_at_ms: atMs,
      agent_version: hello.agentVersion,
      facts: JSON.stringify(hello.facts),
      slots: JSON.stringify(newest),
      reported_seq: reportedSeq,
      hello_reports: reports ?? 0,
    })
    .where("id", "=", device)
    .execute();
  return hearDevice(transaction, { device, reportedSeq, items: [], slots: newest, atMs });
}
