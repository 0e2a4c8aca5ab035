import type { DeliveryState, WebhookDelivery, WebhookId } from "@modelfleet/protocol";
import type { Kysely, Transaction } from "kysely";
import type { DueDelivery } from "../../../ports/event-store.ts";
import type { Schema } from "../schema.ts";

/** Newest event first. */
export async function deliveryRows(
  database: Kysely<Schema>,
  webhook: WebhookId,
  count: number,
): Promise<readonly WebhookDelivery[]> {
  const rows = await deliveriesWithEvents(database)
    .select(["state", "last_at_ms", "status", "outcome", "next_at_ms"])
    .where("webhook", "=", webhook)
    .orderBy("event", "desc")
    .limit(count)
    .execute();
  return rows.map(({ id, type, subject, at_ms, state, attempts, status, outcome, ...row }) => ({
    event: id,
    ...{ type, subject, state, attempts, status, outcome },
    eventAtMs: at_ms,
    lastAtMs: row.last_at_ms,
    nextAtMs: state === "pending" ? row.next_at_ms : null,
  }));
}

export async function waitingRows(
  database: Kysely<Schema>,
  nowMs: number,
): Promise<readonly WebhookId[]> {
  const rows = await database
    .selectFrom("webhooks")
    .select("id")
    .where("enabled", "=", 1)
    .where((where) =>
      where.exists(
        where
          .selectFrom("webhook_deliveries")
          .select("event")
          .whereRef("webhook", "=", "webhooks.id")
          .where("state", "=", "pending")
          .where("next_at_ms", "<=", nowMs),
      ),
    )
    .execute();
  return rows.map(({ id }) => id);
}

export async function nextDueRow(
  database: Kysely<Schema>,
  webhook: WebhookId,
  nowMs: number,
): Promise<DueDelivery | undefined> {
  const row = await deliveriesWithEvents(database)
    .innerJoin("webhooks", "webhooks.id", "webhook_deliveries.webhook")
    .select(["url", "secret", "since_ms", "data"])
    .where("webhook", "=", webhook)
    .where("enabled", "=", 1)
    .where("state", "=", "pending")
    .where("next_at_ms", "<=", nowMs)
    .orderBy("next_at_ms")
    .orderBy("event")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { event: seq, id, type, subject, at_ms, data, url, secret, attempts, since_ms } = row;
  const event = { seq, id: id, type, subject, atMs: at_ms, data };
  return { webhook, seq, url, secret, event, attempts, sinceMs: since_ms };
}

export async function tallyRows(
  database: Kysely<Schema>,
): Promise<Readonly<Record<DeliveryState, number>>> {
  const rows = await database
    .selectFrom("webhook_deliveries")
    .select(["state", (row) => row.fn.countAll<number>().as("count")])
    .groupBy("state")
    .execute();
  const of = (state: DeliveryState) => rows.find((row) => row.state === state)?.count ?? 0;
  return { pending: of("pending"), delivered: of("delivered"), failed: of("failed") };
}

/** One that somebody is still to be told of stays, whatever its age, and so does the newest. */
export async function forgetEvents(
  transaction: Transaction<Schema>,
  beforeMs: number,
  eventsMax: number,
): Promise<number> {
  const old = await transaction
    .selectFrom("outgoing_events")
    .select("seq")
    .where("at_ms", "<", beforeMs)
    .where("seq", "<", (where) =>
      where
        .selectFrom("outgoing_events as newest")
        .select((row) => row.fn.max("newest.seq").as("seq")),
    )
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom("webhook_deliveries")
            .select("webhook")
            .whereRef("event", "=", "outgoing_events.seq")
            .where("state", "=", "pending"),
        ),
      ),
    )
    .orderBy("at_ms")
    .limit(eventsMax)
    .execute();
  const seqs = old.map(({ seq }) => seq);
  if (seqs.length === 0) return 0;
  await transaction.deleteFrom("webhook_deliveries").where("event", "in", seqs).execute();
  await transaction.deleteFrom("outgoing_events").where("seq", "in", seqs).execute();
  return seqs.length;
}

function deliveriesWithEvents(database: Kysely<Schema>) {
  return database
    .selectFrom("webhook_deliveries")
    .innerJoin("outgoing_events", "outgoing_events.seq", "webhook_deliveries.event")
    .select(["event", "outgoing_events.id as id", "type", "subject", "at_ms", "attempts"]);
}
