import { WebhookList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export async function listWebhooks(terminal: Terminal, options: ApiOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const list = await context.api.call({
    method: "GET",
    path: "/v1/webhooks",
    answer: WebhookList,
  });
  context.answer(list, () => renderList(list));
}

function renderList({ webhooks }: WebhookList): string {
  if (webhooks.length === 0) return 'no webhook yet: add one with "modelfleet webhook add URL"';
  const rows = webhooks.map(({ id, url, types, enabled, pending, failed, description }) => [
    id,
    url,
    types.join(" "),
    enabled ? "enabled" : "disabled",
    String(pending),
    String(failed),
    description,
  ]);
  return table(["id", "address", "told of", "state", "waiting", "given up", "what for"], rows);
}
