import { ApiKey, ApiKeyId } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export async function revokeApiKey(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  if (!ApiKeyId.safeParse(id).success) {
    throw new CliError(
      "USAGE",
      `expected the id of an API key, 16 lowercase hex characters like 4f1d2c3b5a697887, got "${id.slice(0, 32)}": see modelfleet api-key list`,
    );
  }
  const context = contextOf(terminal, options);
  const path = `/v1/api-keys/${encodeURIComponent(id)}`;
  const revoked = await context.api.call({ method: "DELETE", path, answer: ApiKey });
  context.answer(revoked, () => `${revoked.id} (${revoked.name}) is revoked`);
}
