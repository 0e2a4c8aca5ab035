import { Webhook, WebhookDeliveryList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";
import { webhookPath } from "../webhook-paths.ts";

export interface WebhookWord {
  readonly word: "enable" | "disable" | "remove" | "test";
  readonly id: string;
}

export async function sayToWebhook(
  terminal: Terminal,
  { word, id }: WebhookWord,
  options: ApiOptions,
): Promise<void> {
  const path = webhookPath(id);
  const context = contextOf(terminal, options);
  const { api, answer } = context;
  switch (word) {
    case "enable":
    case "disable": {
      const json = { enabled: word === "enable" };
      const webhook = await api.call({ method: "PATCH", path, answer: Webhook, json });
      answer(webhook, () => `webhook ${id} is ${word}d; ${webhook.pending} events wait`);
      return;
    }
    case "remove": {
      const webhook = await api.call({ method: "DELETE", path, answer: Webhook });
      answer(webhook, () => `webhook ${id} (${webhook.url}) is removed`);
      return;
    }
    case "test": {
      const sent = { method: "POST", path: `${path}:test`, answer: WebhookDeliveryList } as const;
      const list = await api.call(sent);
      answer(
        list,
        () => `a test event is on its way; what came of it: modelfleet webhook deliveries ${id}`,
      );
      return;
    }
  }
}
