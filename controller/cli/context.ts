import { type ApiClient, createApiClient } from "./api-client.ts";
import { type ApiOptions, DEFAULT_CONTROLLER_URL } from "./api-options.ts";
import { readCredential } from "./read-credential.ts";
import { plainText } from "./render/plain-text.ts";
import type { Terminal } from "./terminal.ts";

/** What every command that talks to a controller gets. */
export interface Context {
  readonly terminal: Terminal;
  readonly api: ApiClient;
  readonly json: boolean;
  /** Data for a program with --json, the text for a person without. */
  readonly answer: (value: unknown, text: () => string) => void;
}

export function contextOf(terminal: Terminal, options: ApiOptions): Context {
  const url = options.controller ?? terminal.env["MODELFLEET_URL"] ?? DEFAULT_CONTROLLER_URL;
  const json = options.json === true;
  return {
    terminal,
    json,
    api: createApiClient({ url, apiKey: readCredential(terminal, options.apiKeyFile) }),
    answer: (value, text) => terminal.out(`${json ? JSON.stringify(value) : plainText(text())}\n`),
  };
}
