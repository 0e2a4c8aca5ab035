import type { Command } from "commander";
import { type ApiClient, createApiClient } from "./api-client.ts";
import type { Terminal } from "./terminal.ts";

/** The controller's address when nobody names one: what `controller start` listens on by default. */
export const DEFAULT_CONTROLLER_URL = "http://127.0.0.1:7680";

/** What every command that talks to a controller gets. */
export interface Context {
  readonly terminal: Terminal;
  readonly api: ApiClient;
  readonly json: boolean;
  /** Data for a program with --json, the text for a person without. */
  readonly answer: (value: unknown, text: () => string) => void;
}

/** What `withCommonOptions` adds; the options of a command extend it. */
export interface CommonOptions {
  readonly controller?: string;
  readonly json?: boolean;
}

/** Adds the options every operator command has: --controller and --json. */
export function withCommonOptions(command: Command): Command {
  return command
    .option(
      "--controller <url>",
      `address of the controller (default: MODELFLEET_URL or ${DEFAULT_CONTROLLER_URL})`,
    )
    .option("--json", "print one JSON object");
}

export function contextOf(terminal: Terminal, options: CommonOptions): Context {
  const url = options.controller ?? terminal.env["MODELFLEET_URL"] ?? DEFAULT_CONTROLLER_URL;
  const json = options.json === true;
  return {
    terminal,
    json,
    api: createApiClient(url, terminal.env["MODELFLEET_ADMIN_KEY"]),
    answer: (value, text) => terminal.out(`${json ? JSON.stringify(value) : text()}\n`),
  };
}
