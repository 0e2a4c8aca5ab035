import { Alert } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { stateText } from "../render/alert.ts";
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
  const path = `/v1/alerts/${encodeURIComponent(id)}:ack`;
  const json = { note: options.note };
  const alert = await context.api.call({ method: "POST", path, answer: Alert, json });
  context.answer(alert, () => `${alert.id} ${stateText(alert)}`);
}
