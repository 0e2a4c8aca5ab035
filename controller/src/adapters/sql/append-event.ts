import { eventLimits } from "@modelfleet/protocol";
import type { Transaction } from "kysely";
import { matchesTypes } from "../../domain/events/matches-types.ts";
import type { OutgoingEvent } from "../../domain/events/outgoing-event.ts";
import type { Schema } from "./schema.ts";

/**
 * Stores an event in the transaction of the change that it tells of, with a delivery for each webhook that wants it: all
 * of it is there, or nothing. An event whose id is there already changes nothing.
 *
 * @returns whether it is new
 * @throws RangeError when its facts are too large: those are for who makes the event to bound
 */
export async function appendEvent(
  transaction: Transaction<Schema>,
  { id, type, subject, atMs, data }: OutgoingEvent,
): Promise<boolean> {
  const text = JSON.stringify(data);
  if (Buffer.byteLength(text) > eventLimits.dataBytesMax) {
    throw new RangeError(`expected at most ${eventLimits.dataBytesMax} bytes of data in ${type}`);
  }
  const known = transaction.selectFrom("outgoing_events").select("seq").where("id", "=", id);
  if ((await known.executeTakeFirst()) !== undefined) return false;
  const newest = transaction
    .selectFrom("outgoing_events")
    .select((row) => row.fn.max("seq").as("seq"));
  // The newest is never forgotten, so no number comes twice.
  const seq = ((await newest.executeTakeFirst())?.seq ?? 0) + 1;
  const event = { seq, id, type, subject, at_ms: atMs, data: text };
  await transaction.insertInto("outgoing_events").values(event).execute();
  await addDeliveries(transaction, { seq, type, atMs });
  return true;
}

async function addDeliveries(
  transaction: Transaction<Schema>,
  { seq, type, atMs }: { readonly seq: number; readonly type: string; readonly atMs: number },
): Promise<void> {
  const webhooks = await transaction
    .selectFrom("webhooks")
    .select(["id", "types"])
    .where("enabled", "=", 1)
    .execute();
  const told = webhooks.filter(({ types }) => matchesTypes(type, JSON.parse(types) as string[]));
  if (told.length === 0) return;
  const rows = told.map(({ id }) => ({
    webhook: id,
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
