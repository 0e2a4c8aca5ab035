import type { Webhook, WebhookId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventSender } from "../../ports/event-sender.ts";
import type { EventStore } from "../../ports/event-store.ts";

export interface WebhookPorts {
  readonly clock: Clock;
  readonly events: EventStore;
  readonly sender: EventSender;
}

/** @throws NotFoundError WEBHOOK_UNKNOWN */
export async function knownWebhook({ events }: WebhookPorts, id: WebhookId): Promise<Webhook> {
  const webhook = await events.webhook(id);
  if (webhook !== undefined) return webhook;
  throw new NotFoundError(
    "WEBHOOK_UNKNOWN",
    `expected the id of a webhook, got ${id}: see modelfleet webhook list`,
  );
}

/** @param action like `added` */
export function webhookEntry(
  { clock }: WebhookPorts,
  action: string,
  {
    id,
    caller,
    detail,
  }: {
    readonly id: WebhookId;
    readonly caller: Principal;
    readonly detail: AuditEntry["detail"];
  },
): AuditEntry {
  return {
    atMs: clock.nowMs(),
    actor: caller.id,
    action: `webhook.${action}`,
    subject: `webhook:${id}`,
    detail,
  };
}
