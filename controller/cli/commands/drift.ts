import type { Command } from "commander";
import type { ShowDriftOptions } from "../actions/show-drift.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addDriftCommands(program: Command, terminal: Terminal): void {
  const drift = program
    .command("drift")
    .description("whether models still see what they were made with")
    .addHelpText("before", "Example:\n  modelfleet drift show digits\n");
  withApiOptions(
    drift
      .command("show <model>")
      .description("the newest verdict on each signal of each cohort, reference beside current")
      .option("--release <version>", "only this version")
      .option(
        "--cohort <cohort>",
        "only this one: fleet, class=cam-v2, or a label like site=hall-3",
      )
      .option(
        "--feature <name>",
        "bin by bin; a feature, a category or a signal like output:digit:classes",
      )
      .option("--since <duration>", "how far back", "24h"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet drift show digits\n  modelfleet drift show digits --cohort site=hall-3 --feature brightness\n",
    )
    .action(async (model: string, options: ShowDriftOptions) => {
      const { showDrift } = await import("../actions/show-drift.ts");
      await showDrift(terminal, model, options);
    });
}
