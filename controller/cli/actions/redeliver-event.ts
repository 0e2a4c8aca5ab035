import { WebhookDeliveryList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";
import { deliveryPath } from "../webhook-paths.ts";

export async function redeliverEvent(
  terminal: Terminal,
  { id, event }: { readonly id: string; readonly event: string },
  options: ApiOptions,
): Promise<void> {
  const path = `${deliveryPath(id, event)}:redeliver`;
  const context = contextOf(terminal, options);
  const list = await context.api.call({ method: "POST", path, answer: WebhookDeliveryList });
  context.answer(
    list,
    () =>
      `event ${event} is on its way again; what came of it: modelfleet webhook deliveries ${id}`,
  );
}
