import type { DeviceId } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { DesiredReplacement } from "../../ports/fleet-store.ts";
import { Prepared } from "./prepared.ts";
import type { Schema } from "./schema.ts";

/** @returns false when the device's sequence is no longer the expected one; then nothing has changed */
export async function replaceDesired(
  database: Kysely<Schema>,
  device: DeviceId,
  { expectedSeq, seq, envelope, issuedAtMs }: DesiredReplacement,
): Promise<boolean> {
  const replacement = { device, expectedSeq, seq, envelope, issuedAtMs };
  return (await replace.run(database, replacement)) === 1;
}

const replace = new Prepared<DesiredReplacement & { readonly device: string }>((database, value) =>
  database
    .updateTable("devices")
    .set({
      desired_seq: value("seq"),
      desired_envelope: value("envelope"),
      desired_at_ms: value("issuedAtMs"),
    })
    .where("id", "=", value("device"))
    .where("desired_seq", "=", value("expectedSeq")),
);
