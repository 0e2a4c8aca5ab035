import type { Command } from "commander";
import type { CreateApiKeyOptions } from "../actions/create-api-key.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addApiKeyCommands(program: Command, terminal: Terminal): void {
  const apiKey = program
    .command("api-key")
    .description("who may call the controller, and what they may do")
    .addHelpText("before", "Example:\n  modelfleet api-key create ci --role uploader\n");
  addCreate(apiKey, terminal);
  withApiOptions(apiKey.command("list").description("every key you could have made, newest first"))
    .addHelpText("before", "Example:\n  modelfleet api-key list\n")
    .action(async (options: ApiOptions) => {
      const { listApiKeys } = await import("../actions/list-api-keys.ts");
      await listApiKeys(terminal, options);
    });
  withApiOptions(
    apiKey.command("revoke <id>").description("from now on nobody gets in with this key"),
  )
    .addHelpText("before", "Example:\n  modelfleet api-key revoke 4f1d2c3b5a697887\n")
    .action(async (id: string, options: ApiOptions) => {
      const { revokeApiKey } = await import("../actions/revoke-api-key.ts");
      await revokeApiKey(terminal, id, options);
    });
}

function addCreate(apiKey: Command, terminal: Terminal): void {
  withApiOptions(
    apiKey
      .command("create <name>")
      .description("make a key for a person or a program; it is shown this once")
      .requiredOption("--role <role>", "viewer, uploader, releaser, deployer or admin")
      .option("--model <model...>", "only these models, or prefixes like 'vision.*'", [])
      .option("--label <key=value...>", "only devices that carry all of these labels", [])
      .option("--expires <duration>", "how long it is good for, at most 365d", "90d"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet api-key create ci --role uploader --model 'vision.*' --expires 30d\n  modelfleet api-key create shift-lead --role deployer --label site=plant-a\n",
    )
    .action(async (name: string, options: CreateApiKeyOptions) => {
      const { createApiKey } = await import("../actions/create-api-key.ts");
      await createApiKey(terminal, name, options);
    });
}
