import { AlertDetail } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { renderAlert } from "../render/alert.ts";
import type { Terminal } from "../terminal.ts";

export async function showAlert(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `/v1/alerts/${encodeURIComponent(id)}`;
  const alert = await context.api.call({ method: "GET", path, answer: AlertDetail });
  context.answer(alert, () => renderAlert(alert));
}
