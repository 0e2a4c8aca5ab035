import { Deployment } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { renderDeployment } from "../render/deployment.ts";
import type { Terminal } from "../terminal.ts";

export async function approveDeployment(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `/v1/deployments/${encodeURIComponent(id)}/approve`;
  const approved = await context.api.call({ method: "POST", path, answer: Deployment });
  context.answer(approved, () => renderDeployment(approved));
}
