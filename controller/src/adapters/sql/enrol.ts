import type { Transaction } from "kysely";
import type { EnrolmentRecord, EnrolOutcome } from "../../ports/fleet-store.ts";
import type { Schema } from "./schema.ts";

/** A key has one id and an id one key, whoever asks at the same moment; a new pair needs a use of the claim. */
export async function enrol(
  transaction: Transaction<Schema>,
  enrolment: EnrolmentRecord,
): Promise<EnrolOutcome> {
  const { id, publicKey, claimId } = enrolment;
  const holder = await transaction
    .selectFrom("devices")
    .select(["public_key", "claim_id"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (holder !== undefined && !isSame(holder.public_key, publicKey)) return "device-taken";
  if (holder === undefined && (await isKnownKey(transaction, publicKey))) return "device-taken";
  if (holder?.claim_id === claimId) {
    await renew(transaction, enrolment);
    return "again";
  }
  if (!(await takeUse(transaction, claimId))) return "claim-used";
  if (holder === undefined) await insert(transaction, enrolment);
  else await renew(transaction, enrolment);
  return "enrolled";
}

async function isKnownKey(
  transaction: Transaction<Schema>,
  publicKey: Uint8Array,
): Promise<boolean> {
  const found = transaction.selectFrom("devices").select("id").where("public_key", "=", publicKey);
  return (await found.executeTakeFirst()) !== undefined;
}

async function takeUse(transaction: Transaction<Schema>, claimId: string): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("claims")
    .set((column) => ({ used: column("used", "+", 1) }))
    .where("id", "=", claimId)
    .whereRef("used", "<", "uses")
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

async function insert(transaction: Transaction<Schema>, enrolment: EnrolmentRecord): Promise<void> {
  const { id, publicKey, class: deviceClass, labels, claimId, secretSha256, atMs } = enrolment;
  await transaction
    .insertInto("devices")
    .values({
      id,
      public_key: publicKey,
      class: deviceClass,
      labels: JSON.stringify(labels),
      claim_id: claimId,
      secret_sha256: secretSha256,
      enrolled_at_ms: atMs,
      online: 0,
      presence_boot: -1,
      era: 0,
      slots: "[]",
      reported_seq: 0,
      report_boot: -1,
      report_seq: -1,
      dropped: 0,
      desired_seq: 0,
    })
    .execute();
}

/** A known key gets a fresh credential; labels an operator has given since then stay. */
async function renew(transaction: Transaction<Schema>, enrolment: EnrolmentRecord): Promise<void> {
  const { id, class: deviceClass, claimId, secretSha256 } = enrolment;
  await transaction
    .updateTable("devices")
    .set({ class: deviceClass, claim_id: claimId, secret_sha256: secretSha256 })
    .where("id", "=", id)
    .execute();
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
