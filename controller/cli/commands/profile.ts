import type { Command } from "commander";
import type { BuildProfileOptions } from "../actions/build-profile.ts";
import type { ShowProfileOptions } from "../actions/show-profile.ts";
import type { Terminal } from "../terminal.ts";

const buildExamples = `Examples:
  modelfleet profile build training.csv --label-column y --prediction-column p --confidence-column c
  modelfleet profile build training.parquet --config profile.yaml --out releases/2.0.0/profile.json
`;

/** Reference profiles, which need neither a controller nor a network. */
export function addProfileCommands(program: Command, terminal: Terminal): void {
  const profile = program
    .command("profile")
    .description(
      "what inputs and outputs looked like when a model was made: what drift is held against",
    )
    .addHelpText(
      "before",
      "Example:\n  modelfleet profile build training.csv --out profile.json\n",
    );
  profile
    .command("build <file>")
    .description(
      "make profile.json of a release from rows in a .csv, .tsv, .jsonl or .parquet file",
    )
    .option(
      "--out <file>",
      "where the profile goes; one that is there already is replaced",
      "profile.json",
    )
    .option("--config <file>", "what the columns mean, in YAML (docs/profile.md)")
    .option("--window-items <count>", "items of a window in production (default: 500)")
    .option("--seed <number>", "of what is drawn at random (default: 1)")
    .option("--block-items <count>", "neighbouring rows that are drawn together")
    .option("--ert-windows <count>", "one threshold for all: windows between two false alarms")
    .option(
      "--time-column <name>",
      "when a row was: ISO 8601, or seconds or milliseconds since 1970",
    )
    .option("--label-column <name>", "the right answer")
    .option("--prediction-column <name>", "the model's answer")
    .option("--confidence-column <name>", "the model's largest probability")
    .option("--embedding <name...>", "a column of lists, or columns <name>_0, <name>_1, …")
    .option("--json", "print one JSON object")
    .addHelpText("before", buildExamples)
    .action(async (file: string, options: BuildProfileOptions) => {
      const { buildProfile } = await import("../actions/build-profile.ts");
      await buildProfile(terminal, file, options);
    });
  profile
    .command("show <file>")
    .description("a picture of a profile: its distributions and thresholds")
    .option("--json", "print one JSON object")
    .addHelpText(
      "before",
      "Example:\n  modelfleet profile show examples/digits/releases/2.0.0/profile.json\n",
    )
    .action(async (file: string, options: ShowProfileOptions) => {
      const { showProfile } = await import("../actions/show-profile.ts");
      await showProfile(terminal, file, options);
    });
}
