import { EventId, WebhookId } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";

/** @throws CliError USAGE unless it can be the id of a webhook */
export function webhookPath(id: string): string {
  if (WebhookId.safeParse(id).success) return `/v1/webhooks/${id}`;
  throw new CliError(
    "USAGE",
    `expected the id of a webhook, 16 lowercase hex characters like 4f1d2c3b5a697887, got "${id.slice(0, 32)}": see modelfleet webhook list`,
  );
}

/** @throws CliError USAGE unless they can be the ids of a webhook and an event */
export function deliveryPath(id: string, event: string): string {
  if (EventId.safeParse(event).success) return `${webhookPath(id)}/deliveries/${event}`;
  throw new CliError(
    "USAGE",
    `expected the id of an event, got "${event.slice(0, 32)}": see modelfleet webhook deliveries ${id.slice(0, 32)}`,
  );
}
