import type { EventId, EventType } from "@modelfleet/protocol";

/** Something that other systems are told of. Never a secret, never a raw value of a device. */
export interface OutgoingEvent {
  /** Made from what happened and not from chance: whoever finds out twice tells once. */
  readonly id: EventId;
  readonly type: EventType;
  /** What it happened to, like `alert:<id>` or `rollout:<id>`. */
  readonly subject: string;
  readonly atMs: number;
  /** Plain facts; at most `eventLimits.dataBytesMax` as JSON. */
  readonly data: JsonObject;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [name: string]: JsonValue;
}
