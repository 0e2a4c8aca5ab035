import * as z from "zod";
import { eventLimits } from "../limits.ts";
import { Counter, UnixMs } from "../units.ts";

/** Everything the controller tells other systems of; `type` of a CloudEvent (docs/events.md). */
export const EventType = z.enum([
  "modelfleet.alert.firing",
  "modelfleet.alert.recovered",
  "modelfleet.alert.acked",
  "modelfleet.rollout.state",
  "modelfleet.webhook.test",
]);
export type EventType = z.infer<typeof EventType>;

/** A type, the beginning of types like `modelfleet.alert.*`, or `*` for all of them. */
export const EventTypePattern = z
  .string()
  .max(eventLimits.subjectLengthMax)
  .refine(
    (pattern) =>
      pattern === "*" ||
      EventType.options.some(
        (type) =>
          type === pattern || (pattern.endsWith(".*") && type.startsWith(pattern.slice(0, -1))),
      ),
    "expected a type of events, the beginning of some like modelfleet.alert.*, or *",
  );

export const WebhookId = z
  .string()
  .regex(/^[0-9a-f]{16}$/, "expected the id of a webhook: 16 lowercase hex characters");
export type WebhookId = z.infer<typeof WebhookId>;

/** Unique for a fleet and for ever; the same with every delivery of the event. */
export const EventId = z
  .string()
  .max(eventLimits.idLengthMax)
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, "expected letters, digits, _ and -");
export type EventId = z.infer<typeof EventId>;

/** Where events are sent; without a login, for the address is shown and written down. */
export const WebhookUrl = z
  .string()
  .max(eventLimits.urlLengthMax)
  .refine(isWebhookUrl, "expected an address like https://hooks.example/fleet, without a login");

function isWebhookUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, hash } = new URL(text);
  return ["https:", "http:"].includes(protocol) && `${username}${password}${hash}` === "";
}

/** `whsec_` and 24 to 64 bytes in base64, as Standard Webhooks has it. */
export const WebhookSecret = z
  .string()
  .regex(
    /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
    "expected whsec_ and 24 to 64 bytes in base64",
  );

/** Body of `POST /v1/webhooks`. */
export const WebhookRequest = z.strictObject({
  url: WebhookUrl,
  /** Of events it is told of. */
  types: z.array(EventTypePattern).min(1).max(eventLimits.typesPerWebhookMax).default(["*"]),
  description: z.string().max(eventLimits.descriptionLengthMax).default(""),
  /** Made by the controller where it is left out. */
  secret: WebhookSecret.optional(),
  enabled: z.boolean().default(true),
});
export type WebhookRequest = z.infer<typeof WebhookRequest>;

/** Body of `PATCH /v1/webhooks/{id}`. What happens while it is off is never sent to it; what was due waits. */
export const WebhookChange = z.strictObject({ enabled: z.boolean() });
export type WebhookChange = z.infer<typeof WebhookChange>;

/** A webhook without its secret. */
export const Webhook = z.object({
  id: WebhookId,
  url: WebhookUrl,
  types: z.array(z.string()),
  description: z.string(),
  enabled: z.boolean(),
  createdAtMs: UnixMs,
  createdBy: z.string(),
  /** Deliveries that are not over. */
  pending: Counter,
  /** Deliveries that were given up. */
  failed: Counter,
});
export type Webhook = z.infer<typeof Webhook>;

/** Answer of `POST /v1/webhooks`; the secret is shown this once, also when it was given. */
export const WebhookCreated = z.object({ webhook: Webhook, secret: z.string() });
export type WebhookCreated = z.infer<typeof WebhookCreated>;

/** `GET /v1/webhooks`, newest first. */
export const WebhookList = z.object({ webhooks: z.array(Webhook) });
export type WebhookList = z.infer<typeof WebhookList>;

/** `pending`: it is tried, or tried again; `delivered`: the receiver has answered 2xx; `failed`: given up. */
export const DeliveryState = z.enum(["pending", "delivered", "failed"]);
export type DeliveryState = z.infer<typeof DeliveryState>;

/** One event on its way to one webhook. */
export const WebhookDelivery = z.object({
  event: EventId,
  type: EventType,
  subject: z.string(),
  eventAtMs: UnixMs,
  state: DeliveryState,
  attempts: Counter,
  /** Null before the first attempt. */
  lastAtMs: UnixMs.nullable(),
  /** HTTP status of the last answer; null where there was none. */
  status: z.int().nullable(),
  /** What the last attempt came to: the beginning of the answer, or why there was none. */
  outcome: z.string().nullable(),
  /** When it is tried next; null when it is over. */
  nextAtMs: UnixMs.nullable(),
});
export type WebhookDelivery = z.infer<typeof WebhookDelivery>;

/** `GET /v1/webhooks/{id}/deliveries`, newest event first. */
export const WebhookDeliveryList = z.object({ deliveries: z.array(WebhookDelivery) });
export type WebhookDeliveryList = z.infer<typeof WebhookDeliveryList>;
