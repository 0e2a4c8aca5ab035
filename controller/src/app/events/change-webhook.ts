import type { Webhook, WebhookChange, WebhookId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { knownWebhook, type WebhookPorts, webhookEntry } from "./webhook-ports.ts";

/** On, off, or gone. @throws NotFoundError WEBHOOK_UNKNOWN */
export class ChangeWebhook {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  async run(id: WebhookId, { enabled }: WebhookChange, caller: Principal): Promise<Webhook> {
    const { url } = await knownWebhook(this.#ports, id);
    const action = enabled ? "enabled" : "disabled";
    const entry = webhookEntry(this.#ports, action, { id, caller, detail: { url } });
    await this.#ports.events.enableWebhook(id, enabled, entry);
    return knownWebhook(this.#ports, id);
  }

  /** With everything that was not delivered. */
  async remove(id: WebhookId, caller: Principal): Promise<Webhook> {
    const webhook = await knownWebhook(this.#ports, id);
    const { url, pending } = webhook;
    const entry = webhookEntry(this.#ports, "removed", { id, caller, detail: { url, pending } });
    await this.#ports.events.removeWebhook(id, entry);
    return webhook;
  }
}
