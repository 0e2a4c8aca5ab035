import type { Command } from "commander";
import type { AddWebhookOptions } from "../actions/add-webhook.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addWebhookCommands(program: Command, terminal: Terminal): void {
  const webhook = program
    .command("webhook")
    .description("other systems that are told of alerts and rollouts")
    .addHelpText(
      "before",
      "Example:\n  modelfleet webhook add https://hooks.example/fleet --type 'modelfleet.alert.*'\n",
    );
  addAdd(webhook, terminal);
  withApiOptions(webhook.command("list").description("every webhook, newest first"))
    .addHelpText("before", "Example:\n  modelfleet webhook list\n")
    .action(async (options: ApiOptions) => {
      const { listWebhooks } = await import("../actions/list-webhooks.ts");
      await listWebhooks(terminal, options);
    });
  addWord(webhook, terminal, "enable", "tell it of what happens from now on, and of what waited");
  addWord(webhook, terminal, "disable", "tell it nothing until it is enabled again");
  addWord(webhook, terminal, "remove", "tell it nothing any more, also nothing that waits");
  addWord(webhook, terminal, "test", "send it an event that says nothing");
  addDeliveries(webhook, terminal);
}

function addAdd(webhook: Command, terminal: Terminal): void {
  withApiOptions(
    webhook
      .command("add <url>")
      .description("tell another system; the secret it checks signatures with is shown this once")
      .option("--type <type...>", "only events of this type, like 'modelfleet.alert.*'", [])
      .option("--description <text>", "for the people who see the list", "")
      .option("--secret-file <file>", "holds the secret to sign with (default: a new one)")
      .option("--paused", "told nothing until it is enabled"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet webhook add https://hooks.example/fleet --type 'modelfleet.alert.*'\n",
    )
    .action(async (url: string, options: AddWebhookOptions) => {
      const { addWebhook } = await import("../actions/add-webhook.ts");
      await addWebhook(terminal, url, options);
    });
}

type Word = "enable" | "disable" | "remove" | "test";

function addWord(webhook: Command, terminal: Terminal, word: Word, description: string): void {
  withApiOptions(webhook.command(`${word} <id>`).description(description))
    .addHelpText("before", `Example:\n  modelfleet webhook ${word} 4f1d2c3b5a697887\n`)
    .action(async (id: string, options: ApiOptions) => {
      const { sayToWebhook } = await import("../actions/say-to-webhook.ts");
      await sayToWebhook(terminal, { word, id }, options);
    });
}

function addDeliveries(webhook: Command, terminal: Terminal): void {
  withApiOptions(
    webhook.command("deliveries <id>").description("what was sent to it and what it answered"),
  )
    .addHelpText("before", "Example:\n  modelfleet webhook deliveries 4f1d2c3b5a697887\n")
    .action(async (id: string, options: ApiOptions) => {
      const { listDeliveries } = await import("../actions/list-deliveries.ts");
      await listDeliveries(terminal, id, options);
    });
  withApiOptions(
    webhook.command("redeliver <id> <event>").description("send it the very same event again"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet webhook redeliver 4f1d2c3b5a697887 rollout-17-0a1b2c3d4e5f6071\n",
    )
    .action(async (id: string, event: string, options: ApiOptions) => {
      const { redeliverEvent } = await import("../actions/redeliver-event.ts");
      await redeliverEvent(terminal, { id, event }, options);
    });
}
