import type { DeviceId, Labels } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { Schema } from "./schema.ts";

/** Its labels as rows, in place of those before. */
export async function writeLabels(
  transaction: Transaction<Schema>,
  device: DeviceId,
  labels: Labels,
): Promise<void> {
  await transaction.deleteFrom("device_labels").where("device", "=", device).execute();
  const rows = Object.entries(labels).map(([key, value]) => ({ device, key, value }));
  if (rows.length > 0) await transaction.insertInto("device_labels").values(rows).execute();
}
