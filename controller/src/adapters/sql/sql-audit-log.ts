import {
  type AuditCheckpointRecord,
  type AuditEvent,
  type AuditPage,
  encodeBase64,
  type Sha256,
} from "@modelfleet/protocol";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { AuditLog, StoredCheckpoint } from "../../ports/audit-log.ts";
import { appendAudit } from "./append-audit.ts";
import { bytesOf } from "./column.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { AuditCheckpointsTable, AuditEventsTable, Schema } from "./schema.ts";

export class SqlAuditLog implements AuditLog {
  readonly #database: Kysely<Schema>;
  readonly #commits: GroupCommit;

  constructor(database: Kysely<Schema>, commits: GroupCommit) {
    this.#database = database;
    this.#commits = commits;
  }

  readonly append = (entry: AuditEntry): Promise<AuditEvent> =>
    this.#commits.run((transaction) => appendAudit(transaction, entry));

  readonly has = async (action: string, subject: string): Promise<boolean> => {
    const found = this.#database.selectFrom("audit_events").select("seq");
    const about = found.where("subject", "=", subject).where("action", "=", action);
    return (await about.limit(1).executeTakeFirst()) !== undefined;
  };

  /** In one transaction: a checkpoint of an entry that came meanwhile would look like a log that was cut. */
  readonly page = (after: number, count: number): Promise<AuditPage> =>
    this.#database.transaction().execute((transaction) => readPage(transaction, after, count));

  readonly pageOf = async (
    subject: string,
    after: number,
    count: number,
  ): Promise<readonly AuditEvent[]> => {
    const about = this.#database.selectFrom("audit_events").selectAll();
    const rows = await about
      .where("subject", "=", subject)
      .where("seq", ">", after)
      .orderBy("seq")
      .limit(count)
      .execute();
    return rows.map(eventOf);
  };

  readonly newest = async (): Promise<AuditEvent | undefined> => {
    const found = this.#database.selectFrom("audit_events").selectAll().orderBy("seq", "desc");
    const row = await found.limit(1).executeTakeFirst();
    return row && eventOf(row);
  };

  readonly newestCheckpoint = (): Promise<StoredCheckpoint | undefined> =>
    newestCheckpoint(this.#database);

  readonly addCheckpoint = (checkpoint: StoredCheckpoint, beforeSeq: number): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { seq, envelope, atMs } = checkpoint;
      const newest = await newestCheckpoint(transaction);
      if ((newest?.seq ?? 0) !== beforeSeq) return false;
      const row = { seq, envelope, at_ms: atMs };
      await transaction.insertInto("audit_checkpoints").values(row).execute();
      return true;
    });
}

async function newestCheckpoint(database: Kysely<Schema>): Promise<StoredCheckpoint | undefined> {
  const found = database.selectFrom("audit_checkpoints").selectAll();
  const row = await found.orderBy("seq", "desc").limit(1).executeTakeFirst();
  return row && { seq: row.seq, envelope: bytesOf(row.envelope), atMs: row.at_ms };
}

async function readPage(
  transaction: Transaction<Schema>,
  after: number,
  count: number,
): Promise<AuditPage> {
  const rows = await transaction
    .selectFrom("audit_events")
    .selectAll()
    .where("seq", ">", after)
    .orderBy("seq")
    .limit(count + 1)
    .execute();
  const hasMore = rows.length > count;
  const events = rows.slice(0, count).map(eventOf);
  const next = hasMore ? (events.at(-1)?.seq ?? null) : null;
  let found = transaction.selectFrom("audit_checkpoints").selectAll().where("seq", ">", after);
  // With the last page come also those of entries that are not there: somebody took the entries away.
  if (next !== null) found = found.where("seq", "<=", next);
  const checkpoints = await found.orderBy("seq").execute();
  return { events, checkpoints: checkpoints.map(checkpointOf), next };
}

function eventOf(row: Selectable<AuditEventsTable>): AuditEvent {
  const { seq, actor, action, subject, detail } = row;
  return {
    seq,
    atMs: row.at_ms,
    actor,
    action,
    subject,
    detail,
    previousHash: row.previous_hash as Sha256,
    hash: row.hash as Sha256,
  };
}

function checkpointOf(row: Selectable<AuditCheckpointsTable>): AuditCheckpointRecord {
  return { seq: row.seq, envelope: encodeBase64(bytesOf(row.envelope)) };
}
