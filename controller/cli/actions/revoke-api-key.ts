import { ApiKey } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export async function revokeApiKey(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `/v1/api-keys/${encodeURIComponent(id)}`;
  const revoked = await context.api.call({ method: "DELETE", path, answer: ApiKey });
  context.answer(revoked, () => `${revoked.id} (${revoked.name}) is revoked`);
}
