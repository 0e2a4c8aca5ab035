import { EventId, type WebhookDeliveryList, type WebhookId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { OutgoingEvent } from "../../domain/events/outgoing-event.ts";
import type { ListWebhooks } from "./list-webhooks.ts";
import { knownWebhook, type WebhookPorts, webhookEntry } from "./webhook-ports.ts";

const ID_BYTES = 8;

export interface RedeliverEventPorts extends WebhookPorts {
  readonly listWebhooks: ListWebhooks;
}

/** Sent once more because somebody wants to see it arrive. */
export class RedeliverEvent {
  readonly #ports: RedeliverEventPorts;

  constructor(ports: RedeliverEventPorts) {
    this.#ports = ports;
  }

  /** The very same event, as often as if it were new. @throws NotFoundError WEBHOOK_UNKNOWN | DELIVERY_UNKNOWN */
  async run(id: WebhookId, event: EventId, caller: Principal): Promise<WebhookDeliveryList> {
    await knownWebhook(this.#ports, id);
    const entry = webhookEntry(this.#ports, "redelivered", { id, caller, detail: { event } });
    if (!(await this.#ports.events.redeliver(id, event, entry))) {
      throw new NotFoundError(
        "DELIVERY_UNKNOWN",
        `expected an event that was meant for webhook ${id}, got ${event}: see modelfleet webhook deliveries ${id}`,
      );
    }
    return this.#ports.listWebhooks.deliveries(id);
  }

  /** An event that says nothing, to this webhook alone. @throws NotFoundError WEBHOOK_UNKNOWN */
  async test(id: WebhookId, caller: Principal): Promise<WebhookDeliveryList> {
    const { clock, events, listWebhooks } = this.#ports;
    const { url } = await knownWebhook(this.#ports, id);
    const drawn = Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex");
    const entry = webhookEntry(this.#ports, "tested", { id, caller, detail: { url } });
    const event: OutgoingEvent = {
      id: EventId.parse(`test-${drawn}`),
      type: "modelfleet.webhook.test",
      subject: entry.subject,
      atMs: entry.atMs,
      data: { actor: caller.id },
    };
    await events.test(id, event, entry);
    return listWebhooks.deliveries(id);
  }
}
