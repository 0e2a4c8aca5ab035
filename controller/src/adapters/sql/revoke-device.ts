import type { DeviceId } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { appendAudit } from "./append-audit.ts";
import { NO_SECRET } from "./enrol.ts";
import type { Schema } from "./schema.ts";

export interface RevocationRow {
  readonly id: DeviceId;
  readonly reason: string | null;
  readonly audit: AuditEntry;
}

/** @returns false when it was revoked before; then nothing has changed */
export async function revokeDevice(
  transaction: Transaction<Schema>,
  { id, reason, audit }: RevocationRow,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("devices")
    .set({
      state: "revoked",
      revoked_at_ms: audit.atMs,
      revoke_reason: reason,
      secret_sha256: NO_SECRET,
      online: 0,
    })
    .where("id", "=", id)
    .where("state", "!=", "revoked")
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await transaction
    .insertInto("revoked_keys")
    .columns(["public_key", "device", "revoked_at_ms"])
    .expression((from) =>
      from
        .selectFrom("devices")
        .select(["public_key", "id", "revoked_at_ms"])
        .where("id", "=", id)
        .$narrowType<{ revoked_at_ms: number }>(),
    )
    .execute();
  await appendAudit(transaction, audit);
  return true;
}

/** @returns false when no device of this name waits with this key any more; then nothing has changed */
export async function approveDevice(
  transaction: Transaction<Schema>,
  { id, publicKey, audit }: ApprovalRow,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable("devices")
    .set({ state: "active" })
    .where("id", "=", id)
    .where("public_key", "=", publicKey)
    .where("state", "=", "pending")
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) return false;
  await appendAudit(transaction, audit);
  return true;
}

export interface ApprovalRow {
  readonly id: DeviceId;
  readonly publicKey: Uint8Array;
  readonly audit: AuditEntry;
}
