import { type WebhookDelivery, WebhookDeliveryList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";
import { webhookPath } from "../webhook-paths.ts";

export async function listDeliveries(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const path = `${webhookPath(id)}/deliveries`;
  const context = contextOf(terminal, options);
  const list = await context.api.call({ method: "GET", path, answer: WebhookDeliveryList });
  context.answer(list, () => renderList(list, terminal.nowMs()));
}

function renderList({ deliveries }: WebhookDeliveryList, nowMs: number): string {
  if (deliveries.length === 0) return "nothing has happened yet that it is to be told of";
  const rows = deliveries.map((delivery) => [
    delivery.event,
    delivery.type,
    delivery.subject,
    `${age(delivery.eventAtMs, nowMs)} ago`,
    stateOf(delivery, nowMs),
    String(delivery.attempts),
    outcomeOf(delivery),
  ]);
  return table(["event", "type", "about", "happened", "state", "tried", "last answer"], rows);
}

function stateOf({ state, nextAtMs }: WebhookDelivery, nowMs: number): string {
  if (state === "failed") return "given up";
  if (nextAtMs === null) return state;
  return nextAtMs <= nowMs ? "due" : `again in ${age(nowMs, nextAtMs)}`;
}

function outcomeOf({ status, outcome }: WebhookDelivery): string {
  return [status, outcome].filter((part) => part !== null && part !== "").join(" ");
}
