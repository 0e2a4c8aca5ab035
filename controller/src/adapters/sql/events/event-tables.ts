import type { DeliveryState, EventType } from "@modelfleet/protocol";

/** Tables of events that other systems are told of; part of the schema. */
export interface EventTables {
  outgoing_events: OutgoingEventsTable;
  webhooks: WebhooksTable;
  webhook_deliveries: WebhookDeliveriesTable;
}

export interface OutgoingEventsTable {
  /** Counts up for the fleet: `sequence` of the CloudEvent. */
  seq: number;
  id: string;
  type: EventType;
  subject: string;
  at_ms: number;
  /** JSON. */
  data: string;
}

export interface WebhooksTable {
  id: string;
  url: string;
  /** Patterns as JSON. */
  types: string;
  description: string;
  secret: string;
  /** 1: it is told of what happens. */
  enabled: number;
  created_at_ms: number;
  created_by: string;
}

export interface WebhookDeliveriesTable {
  webhook: string;
  /** `outgoing_events.seq`. */
  event: number;
  state: DeliveryState;
  attempts: number;
  /** From when on its age counts: when the event came, or somebody wanted it delivered again. */
  since_ms: number;
  /** 0 when it is over: no clock of a fleet was there yet. */
  next_at_ms: number;
  last_at_ms: number | null;
  status: number | null;
  outcome: string | null;
}
