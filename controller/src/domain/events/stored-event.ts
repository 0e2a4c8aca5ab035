import type { OutgoingEvent } from "./outgoing-event.ts";

/** An event as it is kept: its number in the fleet, and its facts as the very text that is sent. */
export interface StoredEvent extends Omit<OutgoingEvent, "data"> {
  readonly seq: number;
  readonly data: string;
}
