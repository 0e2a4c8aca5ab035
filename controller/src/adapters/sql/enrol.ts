import { claimLimits, type DeviceId, type DeviceState } from "@modelfleet/protocol";
import type { Selectable, Transaction } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { Admitted, EnrolmentRecord, EnrolOutcome } from "../../ports/fleet-store.ts";
import { appendAudit } from "./append-audit.ts";
import { writeLabels } from "./device-labels.ts";
import type { DevicesTable, Schema } from "./schema.ts";

type Holder = Pick<Selectable<DevicesTable>, "public_key" | "claim_id" | "state">;

/**
 * Rules:
 *
 * 1. A key has one id and an id one key, whoever asks at the same moment; a new pair needs a use of the claim.
 * 2. protocol.md 7.9: the id of a revoked device gets a new key by a claim for that id. A revoked key gets nothing.
 * 3. protocol.md 7.8: a claim that needs approval admits nobody; a key that is admitted already stays so.
 * 4. protocol.md 7.4: an accepted message is remembered, so that it is taken once.
 */
export async function enrol(
  transaction: Transaction<Schema>,
  enrolment: EnrolmentRecord,
  audit: (outcome: Admitted) => AuditEntry,
): Promise<EnrolOutcome> {
  const refusal =
    (await keyRefusal(transaction, enrolment)) ?? (await askRefusal(transaction, enrolment));
  if (refusal !== undefined) return refusal;
  const outcome = await admit(transaction, enrolment);
  if (outcome === "claim-used" || outcome === "device-taken") return outcome;
  await rememberMessage(transaction, enrolment);
  await appendAudit(transaction, audit(outcome));
  return outcome;
}

async function admit(
  transaction: Transaction<Schema>,
  enrolment: EnrolmentRecord,
): Promise<Admitted | "claim-used" | "device-taken"> {
  const { id, publicKey, claimId } = enrolment;
  const holder = await holderOf(transaction, id);
  const isOwn = holder !== undefined && isSame(holder.public_key, publicKey);
  if (!isOwn && (await isKnownKey(transaction, publicKey))) return "device-taken";
  const isFree = holder === undefined || (holder.state === "revoked" && enrolment.isForThisName);
  if (!isOwn && !isFree) return "device-taken";
  const isSameClaim = isOwn && holder.claim_id === claimId;
  if (!isSameClaim && !(await takeUse(transaction, claimId))) return "claim-used";
  const state = stateAfter(enrolment, isOwn ? holder : undefined);
  if (holder === undefined) await insert(transaction, enrolment, state);
  else if (isOwn) await renew(transaction, enrolment, state);
  else await replace(transaction, enrolment, state);
  if (state === "pending") return "pending";
  if (isSameClaim) return "again";
  return holder === undefined || isOwn ? "enrolled" : "replaced";
}

/** Rule 3. */
function stateAfter(enrolment: EnrolmentRecord, before: Holder | undefined): DeviceState {
  return enrolment.needsApproval && before?.state !== "active" ? "pending" : "active";
}

/** Rule 2. */
async function keyRefusal(
  transaction: Transaction<Schema>,
  { publicKey }: EnrolmentRecord,
): Promise<"key-revoked" | undefined> {
  const found = transaction.selectFrom("revoked_keys").select("device");
  const row = await found.where("public_key", "=", publicKey).executeTakeFirst();
  return row && "key-revoked";
}

/** Rule 4, that nobody fills the memory for it, and that the claim was not revoked while its MAC was checked. */
async function askRefusal(
  transaction: Transaction<Schema>,
  { claimId, messageSha256 }: EnrolmentRecord,
): Promise<"replayed" | "claim-revoked" | "asked-too-often" | undefined> {
  const known = await transaction
    .selectFrom("claim_messages")
    .select("claim_id")
    .where("claim_id", "=", claimId)
    .where("sha256", "=", messageSha256)
    .executeTakeFirst();
  if (known !== undefined) return "replayed";
  const found = transaction.selectFrom("claims").select(["asked", "uses", "revoked_at_ms"]);
  const claim = await found.where("id", "=", claimId).executeTakeFirstOrThrow();
  if (claim.revoked_at_ms !== null) return "claim-revoked";
  return claim.asked < claim.uses * claimLimits.messagesPerUseMax ? undefined : "asked-too-often";
}

async function rememberMessage(
  transaction: Transaction<Schema>,
  { claimId, messageSha256 }: EnrolmentRecord,
): Promise<void> {
  const message = { claim_id: claimId, sha256: messageSha256 };
  await transaction.insertInto("claim_messages").values(message).execute();
  await transaction
    .updateTable("claims")
    .set((column) => ({ asked: column("asked", "+", 1) }))
    .where("id", "=", claimId)
    .execute();
}

function holderOf(transaction: Transaction<Schema>, id: string): Promise<Holder | undefined> {
  const found = transaction.selectFrom("devices").select(["public_key", "claim_id", "state"]);
  return found.where("id", "=", id).executeTakeFirst();
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

/** A device that nothing was heard of. */
const unheard = {
  online: 0,
  presence_boot: -1,
  slots: "[]",
  reported_seq: 0,
  hello_reports: 0,
  report_boot: -1,
  report_seq: -1,
  dropped: 0,
} as const;

async function insert(
  transaction: Transaction<Schema>,
  enrolment: EnrolmentRecord,
  state: DeviceState,
): Promise<void> {
  const { id, labels, atMs } = enrolment;
  await transaction
    .insertInto("devices")
    .values({
      ...{ id, labels: JSON.stringify(labels), enrolled_at_ms: atMs },
      ...{ public_key: enrolment.publicKey, class: enrolment.class },
      ...{ claim_id: enrolment.claimId, state, secret_sha256: secretFor(enrolment, state) },
      ...unheard,
      era: 0,
      desired_seq: 0,
    })
    .execute();
  await writeLabels(transaction, id, labels);
}

/** A known key gets a fresh credential; labels an operator has given since then stay. */
async function renew(
  transaction: Transaction<Schema>,
  enrolment: EnrolmentRecord,
  state: DeviceState,
): Promise<void> {
  await transaction
    .updateTable("devices")
    .set({
      class: enrolment.class,
      claim_id: enrolment.claimId,
      state,
      secret_sha256: secretFor(enrolment, state),
    })
    .where("id", "=", enrolment.id)
    .execute();
}

/**
 * Another device in the place of a revoked one: it keeps name, labels and what is wanted of it, and nothing that was
 * heard. Its new era keeps its (boot, seq) apart from the old one's.
 */
async function replace(
  transaction: Transaction<Schema>,
  enrolment: EnrolmentRecord,
  state: DeviceState,
): Promise<void> {
  await transaction
    .updateTable("devices")
    .set((column) => ({
      ...unheard,
      public_key: enrolment.publicKey,
      class: enrolment.class,
      claim_id: enrolment.claimId,
      state,
      secret_sha256: secretFor(enrolment, state),
      enrolled_at_ms: enrolment.atMs,
      era: column("era", "+", 1),
      revoked_at_ms: null,
      revoke_reason: null,
      last_seen_at_ms: null,
      boot: null,
      hello_at_ms: null,
      agent_version: null,
      facts: null,
    }))
    .where("id", "=", enrolment.id)
    .execute();
  await forgetReports(transaction, enrolment.id);
}

/** What is still wanted of the device begins anew; how older deployments ended is history. */
async function forgetReports(transaction: Transaction<Schema>, id: DeviceId): Promise<void> {
  await transaction.deleteFrom("report_items").where("device", "=", id).execute();
  const wishes = transaction.selectFrom("desired_slots").select("deployment");
  await transaction
    .updateTable("executions")
    .set({ step: null, code: null, detail: null })
    .where("device", "=", id)
    .where("deployment", "in", wishes.where("device", "=", id))
    .execute();
}

/** A device that waits has no secret that would open anything. */
function secretFor({ secretSha256 }: EnrolmentRecord, state: DeviceState): string {
  return state === "active" ? secretSha256 : NO_SECRET;
}

/** No digest, so no secret is it. */
export const NO_SECRET = "";

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
