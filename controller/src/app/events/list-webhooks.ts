import {
  eventLimits,
  type WebhookDeliveryList,
  type WebhookId,
  type WebhookList,
} from "@modelfleet/protocol";
import { knownWebhook, type WebhookPorts } from "./webhook-ports.ts";

/** Who is told of what, and what came of it. */
export class ListWebhooks {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  async run(): Promise<WebhookList> {
    return { webhooks: [...(await this.#ports.events.webhooks())] };
  }

  /** @throws NotFoundError WEBHOOK_UNKNOWN */
  async deliveries(id: WebhookId): Promise<WebhookDeliveryList> {
    await knownWebhook(this.#ports, id);
    const newest = await this.#ports.events.deliveries(id, eventLimits.deliveriesListedMax);
    return { deliveries: [...newest] };
  }
}
