import type { Command } from "commander";

/** Controller address when nobody names one: what `controller start` listens on by default. */
export const DEFAULT_CONTROLLER_URL = "http://127.0.0.1:7680";

/** What `withApiOptions` adds; the options of a command extend it. */
export interface ApiOptions {
  readonly controller?: string;
  readonly apiKeyFile?: string;
  readonly json?: boolean;
}

/** Adds the options of every command that asks a controller: --controller, --api-key-file and --json. */
export function withApiOptions(command: Command): Command {
  return command
    .option(
      "--controller <url>",
      `address of the controller (default: MODELFLEET_URL or ${DEFAULT_CONTROLLER_URL})`,
    )
    .option("--api-key-file <file>", "file with the API key (default: MODELFLEET_API_KEY)")
    .option("--json", "print one JSON object");
}
