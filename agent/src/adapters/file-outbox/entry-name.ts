import type { OutboxPlace } from "../../ports/outbox.ts";

/** File name of an entry: zero-padded, so that names sort as places do. */
export function entryName(place: OutboxPlace): string {
  return `${pad(place.boot)}-${pad(place.seq)}`;
}

/** undefined for a name that is not an entry (a temporary file of a killed start). */
export function parseEntryName(name: string): OutboxPlace | undefined {
  const match = /^(\d{16})-(\d{16})$/.exec(name);
  return match === null ? undefined : { boot: Number(match[1]), seq: Number(match[2]) };
}

/** Negative when `left` comes first: by start of the agent, then by number. */
export function comparePlaces(left: OutboxPlace, right: OutboxPlace): number {
  return left.boot - right.boot || left.seq - right.seq;
}

function pad(count: number): string {
  return String(count).padStart(16, "0");
}
