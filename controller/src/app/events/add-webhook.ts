import {
  eventLimits,
  type WebhookCreated,
  WebhookId,
  type WebhookRequest,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { WebhookError } from "../../domain/errors.ts";
import { knownWebhook, type WebhookPorts, webhookEntry } from "./webhook-ports.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;

/** Another system is told from now on. */
export class AddWebhook {
  readonly #ports: WebhookPorts;

  constructor(ports: WebhookPorts) {
    this.#ports = ports;
  }

  /** @throws WebhookError WEBHOOK_ADDRESS | WEBHOOKS_TOO_MANY */
  async run(request: WebhookRequest, caller: Principal): Promise<WebhookCreated> {
    const { clock, events, sender } = this.#ports;
    const { url, types, description, enabled } = request;
    const refusal = sender.refusal(url);
    if (refusal !== undefined) throw new WebhookError("WEBHOOK_ADDRESS", refusal);
    const id = WebhookId.parse(Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex"));
    const secret = request.secret ?? this.#newSecret();
    const entry = webhookEntry(this.#ports, "added", {
      id,
      caller,
      detail: { url, types, enabled },
    });
    const made = { createdAtMs: entry.atMs, createdBy: caller.id };
    const webhook = { id, url, types, description, enabled, secret, ...made };
    if (!(await events.addWebhook(webhook, entry))) {
      throw new WebhookError(
        "WEBHOOKS_TOO_MANY",
        `expected fewer than ${eventLimits.webhooksMax} webhooks: remove one (modelfleet webhook remove ID)`,
      );
    }
    return { webhook: await knownWebhook(this.#ports, id), secret };
  }

  #newSecret(): string {
    const bytes = this.#ports.clock.randomBytes(SECRET_BYTES);
    return `whsec_${Buffer.from(bytes).toString("base64")}`;
  }
}
