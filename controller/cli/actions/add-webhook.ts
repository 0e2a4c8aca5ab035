import { WebhookCreated } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readSmallFile } from "../read-small-file.ts";
import type { Terminal } from "../terminal.ts";

const SECRET_FILE_BYTES_MAX = 256;

export interface AddWebhookOptions extends ApiOptions {
  readonly type: readonly string[];
  readonly description: string;
  readonly secretFile?: string;
  readonly paused?: boolean;
}

export async function addWebhook(
  terminal: Terminal,
  url: string,
  { type, description, secretFile, paused, ...options }: AddWebhookOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const created = await context.api.call({
    method: "POST",
    path: "/v1/webhooks",
    answer: WebhookCreated,
    json: {
      url,
      description,
      enabled: paused !== true,
      ...(type.length === 0 ? {} : { types: type }),
      ...(secretFile === undefined ? {} : { secret: await readSecret(secretFile) }),
    },
  });
  context.answer(created, () => created.secret);
  if (context.json) return;
  const { id } = created.webhook;
  terminal.err(
    `webhook ${id} is added; the secret is shown this once, the receiver checks signatures with it\n` +
      `try it: modelfleet webhook test ${id}\n`,
  );
}

async function readSecret(path: string): Promise<string> {
  return new TextDecoder().decode(await readSmallFile(path, SECRET_FILE_BYTES_MAX)).trim();
}
