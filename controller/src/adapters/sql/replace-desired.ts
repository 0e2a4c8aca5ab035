import type { DeviceId } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { DesiredReplacement } from "../../ports/fleet-store.ts";
import type { Schema } from "./schema.ts";

/** @returns false when the device's sequence is no longer the expected one; then nothing has changed */
export async function replaceDesired(
  database: Kysely<Schema>,
  device: DeviceId,
  { expectedSeq, seq, envelope, issuedAtMs }: DesiredReplacement,
): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable("devices")
    .set({ desired_seq: seq, desired_envelope: envelope, desired_at_ms: issuedAtMs })
    .where("id", "=", device)
    .where("desired_seq", "=", expectedSeq)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
