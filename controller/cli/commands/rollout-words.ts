import type { Command } from "commander";
import type { AbortRolloutOptions, RolloutWordOptions } from "../actions/say-to-rollout.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

interface Word {
  readonly command: string;
  /** As the API calls it. */
  readonly verb: string;
  readonly description: string;
}

const words: readonly Word[] = [
  { command: "pause", verb: "pause", description: "give no further orders; who has one goes on" },
  {
    command: "resume",
    verb: "resume",
    description: "go on, and acknowledge the failures that were counted",
  },
  { command: "approve", verb: "approve", description: "agree, as the second person" },
  { command: "deny", verb: "deny", description: "refuse, as the second person" },
  {
    command: "promote",
    verb: "promote",
    description: "let the next stage begin, whatever this one has come to",
  },
  {
    command: "rollback",
    verb: "rollback",
    description: "send every device back to what it ran before, and poison the release",
  },
  {
    command: "retry-failed",
    verb: "retryFailed",
    description: "give failed devices one more order",
  },
];

/** What people say about a rollout; each word needs a reason, which is written down. */
export function addRolloutWordCommands(rollout: Command, terminal: Terminal): void {
  for (const { command, verb, description } of words) {
    withReason(rollout.command(`${command} <id>`).description(description))
      .addHelpText(
        "before",
        `Example:\n  modelfleet rollout ${command} 4f1d2c3b5a697887 --reason 'why'\n`,
      )
      .action(async (id: string, options: RolloutWordOptions) => {
        const { sayToRollout } = await import("../actions/say-to-rollout.ts");
        await sayToRollout(terminal, { id, verb }, options);
      });
  }
  withReason(
    rollout
      .command("abort <id>")
      .description("end it for good")
      .option("--keep", "devices that got the release keep it")
      .option("--revert", "devices that got the release go back to what they ran before"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet rollout abort 4f1d2c3b5a697887 --revert --reason 'wrong labels'\n",
    )
    .action(async (id: string, options: AbortRolloutOptions) => {
      const { abortRollout } = await import("../actions/say-to-rollout.ts");
      await abortRollout(terminal, id, options);
    });
}

function withReason(command: Command): Command {
  return withApiOptions(
    command.requiredOption("--reason <text>", "why, for whoever reads it later"),
  );
}
