import { Alert, AlertDetail } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { acknowledgedText } from "../render/alert.ts";
import type { Terminal } from "../terminal.ts";

export interface AcknowledgeAlertOptions extends ApiOptions {
  readonly note: string;
}

export async function acknowledgeAlert(
  terminal: Terminal,
  id: string,
  options: AcknowledgeAlertOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `/v1/alerts/${encodeURIComponent(id)}`;
  const before = await context.api.call({ method: "GET", path, answer: AlertDetail });
  const json = { note: options.note };
  const taking = { method: "POST", path: `${path}:ack`, answer: Alert, json } as const;
  const alert = await context.api.call(taking);
  context.answer(alert, () => acknowledgedText(before, alert, options.note));
}
