import type { Command } from "commander";
import type { BuildProfileOptions } from "../actions/build-profile.ts";
import type { ConfirmProfileOptions } from "../actions/confirm-profile.ts";
import type { LearnProfileOptions } from "../actions/learn-profile.ts";
import type { ShowProfileOptions } from "../actions/show-profile.ts";
import type { StartProfileOptions } from "../actions/start-profile.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

const buildExamples = `Examples:
  modelfleet profile build training.csv --label-column y --prediction-column p --confidence-column c
  modelfleet profile build training.parquet --config profile.yaml --out releases/2.0.0/profile.json
`;

const startExamples = `Examples:
  modelfleet profile start --model releases/1.0.0 --classes good,scratched,bent
  modelfleet profile start --model model.onnx --feature 'lamp=x[3]' 'mean(x)' --category grade=quality:A,B,C
`;

const learnExamples = `Examples:
  modelfleet profile learn digits 1.0.0 --cohort site=canary --out releases/1.1.0/profile.json
  modelfleet profile learn digits 1.0.0 --cohort fleet --windows 24 --items 1000
`;

/** Reference profiles; only learning one needs a controller. */
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
  addLearningCommands(profile, terminal);
}

/** Where there are no rows: what to measure, what came of it, and that a person has looked at it. */
function addLearningCommands(profile: Command, terminal: Terminal): void {
  profile
    .command("start")
    .description("have the devices of a release measure what a profile can be learnt from")
    .requiredOption("--model <path>", "an ONNX file, or the folder of a release")
    .option("--out <file>", "where the profile goes", "profile.json")
    .option("--feature <place...>", "numbers to watch instead of all: [name=]x[3], [name=]mean(x)")
    .option("--category <place...>", "words to tell apart: [name=]quality:A,B,C")
    .option("--classes <names>", "of the output, in the order of its values")
    .option("--json", "print one JSON object")
    .addHelpText("before", startExamples)
    .action(async (options: StartProfileOptions) => {
      const { startProfile } = await import("../actions/start-profile.ts");
      await startProfile(terminal, options);
    });
  withApiOptions(
    profile
      .command("learn <model> <version>")
      .description("make a provisional profile out of the first windows of a cohort")
      .requiredOption("--cohort <cohort>", "fleet, class=cam-v2, or a label like site=canary")
      .option("--windows <count>", "how many windows, from the first one on (default: 96)")
      .option("--items <count>", "items they must hold at least (default: 2000)")
      .option(
        "--out <file>",
        "where the profile goes; one that is there already is replaced",
        "profile.json",
      ),
  )
    .addHelpText("before", learnExamples)
    .action(async (model: string, version: string, options: LearnProfileOptions) => {
      const { learnProfile } = await import("../actions/learn-profile.ts");
      await learnProfile(terminal, { model, version }, options);
    });
  profile
    .command("confirm <file>")
    .description("say that what was learnt is how things should be: published like this, it alarms")
    .requiredOption("--by <name>", "who says so; it stands in the file")
    .option("--json", "print one JSON object")
    .addHelpText("before", "Example:\n  modelfleet profile confirm profile.json --by 'A. Miller'\n")
    .action(async (file: string, options: ConfirmProfileOptions) => {
      const { confirmProfile } = await import("../actions/confirm-profile.ts");
      await confirmProfile(terminal, file, options);
    });
}
