import { type EventId, eventLimits } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import { matchesTypes } from "../../../domain/events/matches-types.ts";
import type { OutgoingEvent } from "../../../domain/events/outgoing-event.ts";
import type { Schema } from "../schema.ts";

/**
 * Stores an event in the transaction of the change that it tells of, with a delivery for each webhook that wants it: all
 * of it is there, or nothing. An event whose id is there already changes nothing.
 *
 * @param told whoever wants it, or nobody yet
 * @returns its number; undefined: it was there already
 * @throws RangeError when its facts are too large: whoever makes an event bounds them
 */
export async function appendEvent(
  transaction: Transaction<Schema>,
  { id, type, subject, atMs, data }: OutgoingEvent,
  told: "whoever-wants" | "nobody" = "whoever-wants",
): Promise<number | undefined> {
  const text = JSON.stringify(data);
  if (Buffer.byteLength(text) > eventLimits.dataBytesMax) {
    throw new RangeError(`expected at most ${eventLimits.dataBytesMax} bytes of data in ${type}`);
  }
  if ((await seqOfEvent(transaction, id)) !== undefined) return undefined;
  const newest = transaction
    .selectFrom("outgoing_events")
    .select((row) => row.fn.max("seq").as("seq"));
  // The newest is never forgotten, so no number comes twice.
  const seq = ((await newest.executeTakeFirst())?.seq ?? 0) + 1;
  const event = { seq, id, type, subject, at_ms: atMs, data: text };
  await transaction.insertInto("outgoing_events").values(event).execute();
  if (told === "nobody") return seq;
  await addDeliveries(transaction, { seq, atMs }, await wantedBy(transaction, type));
  return seq;
}

export async function addDeliveries(
  transaction: Transaction<Schema>,
  { seq, atMs }: { readonly seq: number; readonly atMs: number },
  webhooks: readonly string[],
): Promise<void> {
  if (webhooks.length === 0) return;
  const rows = webhooks.map((webhook) => ({
    webhook,
    event: seq,
    state: "pending" as const,
    attempts: 0,
    since_ms: atMs,
    next_at_ms: atMs,
    last_at_ms: null,
    status: null,
    outcome: null,
  }));
  await transaction.insertInto("webhook_deliveries").values(rows).execute();
}

export async function seqOfEvent(
  transaction: Transaction<Schema>,
  id: EventId,
): Promise<number | undefined> {
  const known = transaction.selectFrom("outgoing_events").select("seq").where("id", "=", id);
  return (await known.executeTakeFirst())?.seq;
}

async function wantedBy(
  transaction: Transaction<Schema>,
  type: string,
): Promise<readonly string[]> {
  const webhooks = await transaction
    .selectFrom("webhooks")
    .select(["id", "types"])
    .where("enabled", "=", 1)
    .execute();
  return webhooks
    .filter(({ types }) => matchesTypes(type, JSON.parse(types) as string[]))
    .map(({ id }) => id);
}
