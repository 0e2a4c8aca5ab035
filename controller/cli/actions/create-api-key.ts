import { ApiKeyCreated, formatTimestamp } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readDuration, readLabels } from "../read-options.ts";
import type { Terminal } from "../terminal.ts";

export interface CreateApiKeyOptions extends ApiOptions {
  readonly role: string;
  readonly model: readonly string[];
  readonly label: readonly string[];
  readonly expires: string;
}

export async function createApiKey(
  terminal: Terminal,
  name: string,
  options: CreateApiKeyOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const { role, model } = options;
  const grant = {
    role,
    ...(model.length === 0 ? {} : { models: model }),
    labels: readLabels(options.label),
  };
  const created = await context.api.call({
    method: "POST",
    path: "/v1/api-keys",
    answer: ApiKeyCreated,
    json: { name, grants: [grant], lifeMs: readDuration("--expires", options.expires) },
  });
  context.answer(created, () => created.secret);
  if (!context.json) {
    const day = formatTimestamp(created.key.expiresAtMs).slice(0, 10);
    terminal.err(`shown this once and good until ${day}: use it as MODELFLEET_API_KEY\n`);
  }
}
