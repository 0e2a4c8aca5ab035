import { ApiKeyCreated, formatTimestamp, Role } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { readDurationWithin, readLabels } from "../read-options.ts";
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
  const { model } = options;
  const role = readRole(options.role);
  const grant = {
    role,
    ...(model.length === 0 ? {} : { models: model }),
    labels: readLabels(options.label),
  };
  const lifeMs = readDurationWithin("--expires", options.expires, { min: "1m", max: "365d" });
  const created = await context.api.call({
    method: "POST",
    path: "/v1/api-keys",
    answer: ApiKeyCreated,
    json: { name, grants: [grant], lifeMs },
  });
  context.answer(created, () => created.secret);
  if (!context.json) {
    const day = formatTimestamp(created.key.expiresAtMs).slice(0, 10);
    terminal.err(`shown this once and good until ${day}: use it as MODELFLEET_API_KEY\n`);
  }
}

function readRole(text: string): Role {
  const role = Role.safeParse(text);
  if (role.success) return role.data;
  const roles = Role.options.join(", ");
  throw new CliError("USAGE", `--role: expected one of ${roles}, got "${text.slice(0, 32)}"`);
}
