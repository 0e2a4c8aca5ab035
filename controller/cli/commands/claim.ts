import { ClaimCreated, parseDuration } from "@modelfleet/protocol";
import type { Command } from "commander";
import { type CommonOptions, contextOf, withCommonOptions } from "../context.ts";
import { parseLabels } from "../label-option.ts";
import type { Terminal } from "../terminal.ts";

interface ClaimOptions extends CommonOptions {
  readonly class: string;
  readonly uses: string;
  readonly valid: string;
  readonly label: readonly string[];
}

export function addClaimCommands(program: Command, terminal: Terminal): void {
  const claim = program.command("claim").description("permissions to enrol devices");
  withCommonOptions(
    claim
      .command("create")
      .description("make an enrolment string for one or more devices")
      .option("--class <class>", "device class it admits", "generic")
      .option("--uses <count>", "how many devices may enrol with it", "1")
      .option("--valid <duration>", "how long it is good for, like 30m or 24h", "1h")
      .option("--label <key=value...>", "label given to each device that enrols", []),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet claim create --class cam-v2 --uses 20 --label site=plant-a\n",
    )
    .action(async (options: ClaimOptions) => {
      const context = contextOf(terminal, options);
      const created = await context.api.call({
        method: "POST",
        path: "/v1/claims",
        answer: ClaimCreated,
        json: {
          class: options.class,
          uses: Number(options.uses),
          lifeMs: parseDuration(options.valid),
          labels: parseLabels(options.label),
        },
      });
      context.answer(created, () => created.enrolment);
      if (!context.json) {
        terminal.err(`on the device: modelfleet agent enrol '<the line above>' --data ./device\n`);
      }
    });
}
