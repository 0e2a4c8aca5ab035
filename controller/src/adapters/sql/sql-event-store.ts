import { type EventId, eventLimits, type WebhookId } from "@modelfleet/protocol";
import type { Kysely, Transaction } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { DeliveryProgress } from "../../domain/events/judge-attempt.ts";
import type { OutgoingEvent } from "../../domain/events/outgoing-event.ts";
import type { DeliveryKey, EventStore, WebhookRecord } from "../../ports/event-store.ts";
import { appendAudit } from "./append-audit.ts";
import { addDeliveries, appendEvent, seqOfEvent } from "./events/append-event.ts";
import {
  deliveryRows,
  forgetEvents,
  nextDueRow,
  tallyRows,
  waitingRows,
} from "./events/event-queries.ts";
import { webhookViews } from "./events/webhook-views.ts";
import type { GroupCommit } from "./group-commit.ts";
import { takeLease } from "./rollout/take-lease.ts";
import type { Schema } from "./schema.ts";

const LEASE = "event-deliveries";

export class SqlEventStore implements EventStore {
  readonly #database: Kysely<Schema>;
  readonly #commits: GroupCommit;

  constructor(database: Kysely<Schema>, commits: GroupCommit) {
    this.#database = database;
    this.#commits = commits;
  }

  readonly addWebhook = (webhook: WebhookRecord, entry: AuditEntry): Promise<boolean> =>
    this.#commits.run(async (transaction) => {
      const known = await transaction.selectFrom("webhooks").select("id").execute();
      if (known.length >= eventLimits.webhooksMax) return false;
      await transaction.insertInto("webhooks").values(webhookRow(webhook)).execute();
      await appendAudit(transaction, entry);
      return true;
    });

  readonly webhook = async (id: WebhookId) => (await webhookViews(this.#database, id))[0];

  readonly webhooks = () => webhookViews(this.#database);

  readonly enableWebhook = (id: WebhookId, enabled: boolean, entry: AuditEntry) =>
    this.#commits.run(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("webhooks")
        .set({ enabled: Number(enabled) })
        .where("id", "=", id)
        .executeTakeFirst();
      return written(transaction, numUpdatedRows, entry);
    });

  readonly removeWebhook = (id: WebhookId, entry: AuditEntry) =>
    this.#commits.run(async (transaction) => {
      await transaction.deleteFrom("webhook_deliveries").where("webhook", "=", id).execute();
      const removed = transaction.deleteFrom("webhooks").where("id", "=", id);
      const { numDeletedRows } = await removed.executeTakeFirst();
      return written(transaction, numDeletedRows, entry);
    });

  readonly deliveries = (id: WebhookId, count: number) => deliveryRows(this.#database, id, count);

  readonly redeliver = (id: WebhookId, event: EventId, entry: AuditEntry) =>
    this.#commits.run(async (transaction) => {
      const seq = await seqOfEvent(transaction, event);
      if (seq === undefined) return false;
      const { numUpdatedRows } = await transaction
        .updateTable("webhook_deliveries")
        .set({ state: "pending", attempts: 0, since_ms: entry.atMs, next_at_ms: entry.atMs })
        .where("webhook", "=", id)
        .where("event", "=", seq)
        .executeTakeFirst();
      return written(transaction, numUpdatedRows, entry);
    });

  readonly test = (id: WebhookId, event: OutgoingEvent, entry: AuditEntry) =>
    this.#commits.run(async (transaction) => {
      const known = transaction.selectFrom("webhooks").select("id").where("id", "=", id);
      if ((await known.executeTakeFirst()) === undefined) return false;
      const seq = await appendEvent(transaction, event, "nobody");
      if (seq !== undefined) await addDeliveries(transaction, { seq, atMs: event.atMs }, [id]);
      await appendAudit(transaction, entry);
      return true;
    });

  readonly lease = (
    holder: string,
    moment: { readonly nowMs: number; readonly untilMs: number },
  ): Promise<boolean> =>
    this.#commits.run((transaction) => takeLease(transaction, { name: LEASE, holder, ...moment }));

  readonly waiting = (nowMs: number) => waitingRows(this.#database, nowMs);

  readonly nextDue = (id: WebhookId, nowMs: number) => nextDueRow(this.#database, id, nowMs);

  readonly record = ({ webhook, seq }: DeliveryKey, progress: DeliveryProgress): Promise<void> =>
    this.#commits.run(async (transaction) => {
      const { state, attempts, lastAtMs, status, outcome, nextAtMs } = progress;
      const reached = { state, attempts, status, outcome, last_at_ms: lastAtMs };
      await transaction
        .updateTable("webhook_deliveries")
        .set({ ...reached, next_at_ms: nextAtMs ?? 0 })
        .where("webhook", "=", webhook)
        .where("event", "=", seq)
        .execute();
    });

  readonly tallies = () => tallyRows(this.#database);

  readonly forget = (beforeMs: number, eventsMax: number): Promise<number> =>
    this.#commits.run((transaction) => forgetEvents(transaction, beforeMs, eventsMax));
}

/** A change that met something is written down, and one that met nothing is not. */
async function written(
  transaction: Transaction<Schema>,
  rows: bigint,
  entry: AuditEntry,
): Promise<boolean> {
  if (rows === 0n) return false;
  await appendAudit(transaction, entry);
  return true;
}

function webhookRow({ createdAtMs, createdBy, enabled, types, ...webhook }: WebhookRecord) {
  return {
    ...webhook,
    types: JSON.stringify(types),
    enabled: Number(enabled),
    created_at_ms: createdAtMs,
    created_by: createdBy,
  };
}
