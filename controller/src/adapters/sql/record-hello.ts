import type { DeviceId } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { HelloRecord } from "../../ports/fleet-store.ts";
import { hearDevice } from "./rollout/hear-device.ts";
import type { Schema } from "./schema.ts";

/** @returns the rollouts of which it has changed something */
export async function recordHello(
  transaction: Transaction<Schema>,
  device: DeviceId,
  hello: HelloRecord,
): Promise<readonly string[]> {
  const { era, boot, atMs, reportedSeq, slots } = hello;
  // A device that lost its state counts its reports from the beginning.
  await transaction
    .updateTable("devices")
    .set({ report_boot: -1, report_seq: -1 })
    .where("id", "=", device)
    .where("era", "<", era)
    .execute();
  await transaction
    .updateTable("devices")
    .set({
      era,
      boot,
      hello_at_ms: hello.issuedAtMs,
      last_seen_at_ms: atMs,
      agent_version: hello.agentVersion,
      facts: JSON.stringify(hello.facts),
      slots: JSON.stringify(slots),
      reported_seq: reportedSeq,
      hello_reports: hello.reports,
    })
    .where("id", "=", device)
    .execute();
  return hearDevice(transaction, { device, reportedSeq, items: [], slots, atMs });
}
