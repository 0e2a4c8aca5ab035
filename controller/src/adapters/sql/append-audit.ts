import { type AuditEvent, Sha256 } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { chainStart } from "../../domain/audit/chain-hash.ts";
import { type ChainEnd, linkEntry } from "../../domain/audit/link-entry.ts";
import type { Schema } from "./schema.ts";

/**
 * Writes down a change in the transaction that makes it: both are there, or neither.
 *
 * One transaction at a time has the next number. Where a database lets two run at once, the key of the table lets the
 * second one fail, and with it its change.
 */
export async function appendAudit(
  transaction: Transaction<Schema>,
  entry: AuditEntry,
): Promise<AuditEvent> {
  const event = linkEntry(await chainEnd(transaction), entry);
  await transaction
    .insertInto("audit_events")
    .values({
      seq: event.seq,
      at_ms: event.atMs,
      actor: event.actor,
      action: event.action,
      subject: event.subject,
      detail: event.detail,
      previous_hash: event.previousHash,
      hash: event.hash,
    })
    .execute();
  return event;
}

async function chainEnd(transaction: Transaction<Schema>): Promise<ChainEnd> {
  const newest = await transaction
    .selectFrom("audit_events")
    .select(["seq", "hash"])
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  if (newest === undefined) return { seq: 0, hash: chainStart };
  return { seq: newest.seq, hash: Sha256.parse(newest.hash) };
}
