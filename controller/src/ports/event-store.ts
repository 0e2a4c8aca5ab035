import type {
  DeliveryState,
  EventId,
  Webhook,
  WebhookDelivery,
  WebhookId,
} from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { DeliveryProgress } from "../domain/events/judge-attempt.ts";
import type { OutgoingEvent } from "../domain/events/outgoing-event.ts";
import type { StoredEvent } from "../domain/events/stored-event.ts";

/** Events for other systems, whom they are for, and how far each has come. Stores append events with their changes. */
export interface EventStore {
  /** @returns false when there are `eventLimits.webhooksMax` already; then nothing is stored */
  readonly addWebhook: (webhook: WebhookRecord, entry: AuditEntry) => Promise<boolean>;
  readonly webhook: (id: WebhookId) => Promise<Webhook | undefined>;
  /** Newest first. */
  readonly webhooks: () => Promise<readonly Webhook[]>;
  /** @returns false when there is none */
  readonly enableWebhook: (id: WebhookId, enabled: boolean, entry: AuditEntry) => Promise<boolean>;
  /** With its deliveries. @returns false when there is none */
  readonly removeWebhook: (id: WebhookId, entry: AuditEntry) => Promise<boolean>;
  /** Newest event first. */
  readonly deliveries: (id: WebhookId, count: number) => Promise<readonly WebhookDelivery[]>;
  /** From the first attempt on, with the same event. @returns false when there is no such delivery */
  readonly redeliver: (id: WebhookId, event: EventId, entry: AuditEntry) => Promise<boolean>;
  /** To this webhook and no other, whatever it wants to be told of. @returns false when there is none */
  readonly test: (id: WebhookId, event: OutgoingEvent, entry: AuditEntry) => Promise<boolean>;
  /** @returns whether `holder` is the one who delivers until `untilMs` */
  readonly lease: (
    holder: string,
    moment: { readonly nowMs: number; readonly untilMs: number },
  ) => Promise<boolean>;
  /** Enabled webhooks of which something is due. */
  readonly waiting: (nowMs: number) => Promise<readonly WebhookId[]>;
  /** What is due first of one webhook; undefined also when the webhook is off or gone. */
  readonly nextDue: (id: WebhookId, nowMs: number) => Promise<DueDelivery | undefined>;
  /** Nothing happens when the webhook has gone meanwhile. */
  readonly record: (delivery: DeliveryKey, progress: DeliveryProgress) => Promise<void>;
  /** How many deliveries of all webhooks are in each state. */
  readonly tallies: () => Promise<Readonly<Record<DeliveryState, number>>>;
  /**
   * Removes events from before a moment that nobody waits for any more; the newest always stays.
   *
   * @returns how many; fewer than asked when there are no more
   */
  readonly forget: (beforeMs: number, eventsMax: number) => Promise<number>;
}

export interface WebhookRecord extends Omit<Webhook, "pending" | "failed"> {
  readonly secret: string;
}

export interface DeliveryKey {
  readonly webhook: WebhookId;
  readonly seq: number;
}

export interface DueDelivery extends DeliveryKey {
  readonly url: string;
  readonly secret: string;
  readonly event: StoredEvent;
  readonly attempts: number;
  readonly sinceMs: number;
}
