import { type FleetId, formatTimestamp } from "@modelfleet/protocol";
import type { StoredEvent } from "./stored-event.ts";

/** So many digits that every number of a fleet has a place in the order of texts. */
const SEQUENCE_DIGITS = 16;

/**
 * The event as JSON of CloudEvents 1.0, structured mode, with the `sequence` extension. Of one event it is always the
 * same text, however often it is sent.
 */
export function cloudEventText(
  fleet: FleetId,
  { seq, id, type, subject, atMs, data }: StoredEvent,
): string {
  const head = {
    specversion: "1.0",
    id,
    source: `urn:modelfleet:fleet:${fleet}`,
    type,
    subject,
    time: formatTimestamp(atMs),
    datacontenttype: "application/json",
    sequence: String(seq).padStart(SEQUENCE_DIGITS, "0"),
  };
  return `${JSON.stringify(head).slice(0, -1)},"data":${data}}`;
}
