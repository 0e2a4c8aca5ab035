import { type AuditEvent, Sha256 } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { chainStart } from "../../domain/audit/chain-hash.ts";
import { type ChainEnd, linkEntry } from "../../domain/audit/link-entry.ts";
import { type NoValues, oneRow, Prepared } from "./prepared.ts";
import type { AuditEventsTable, Schema } from "./schema.ts";

/** Where the log ends within a transaction; read once, and gone with it. */
const ends = new WeakMap<Transaction<Schema>, ChainEnd>();

/**
 * Writes down a change in the transaction that makes it: both are there, or neither.
 *
 * One transaction at a time has the next number. Where a database lets two run at once, the key of the table lets the
 * second one fail, and with it its change. Nothing of a transaction is undone alone, so what it has appended stays the
 * end of the log until it is over.
 */
export async function appendAudit(
  transaction: Transaction<Schema>,
  entry: AuditEntry,
): Promise<AuditEvent> {
  const event = linkEntry(ends.get(transaction) ?? (await chainEnd(transaction)), entry);
  await addEvent.run(transaction, {
    seq: event.seq,
    at_ms: event.atMs,
    actor: event.actor,
    action: event.action,
    subject: event.subject,
    detail: event.detail,
    previous_hash: event.previousHash,
    hash: event.hash,
  });
  ends.set(transaction, event);
  return event;
}

async function chainEnd(transaction: Transaction<Schema>): Promise<ChainEnd> {
  const newest = await newestEvent.first(transaction, {});
  if (newest === undefined) return { seq: 0, hash: chainStart };
  return { seq: newest.seq, hash: Sha256.parse(newest.hash) };
}

const newestEvent = new Prepared<NoValues, Pick<AuditEventsTable, "seq" | "hash">>((database) =>
  database.selectFrom("audit_events").select(["seq", "hash"]).orderBy("seq", "desc").limit(oneRow),
);

const addEvent = new Prepared<
  Readonly<{ [Name in keyof AuditEventsTable]: AuditEventsTable[Name] }>
>((database, value) =>
  database.insertInto("audit_events").values({
    seq: value("seq"),
    at_ms: value("at_ms"),
    actor: value("actor"),
    action: value("action"),
    subject: value("subject"),
    detail: value("detail"),
    previous_hash: value("previous_hash"),
    hash: value("hash"),
  }),
);
