import { isCodedError } from "@modelfleet/protocol";
import { Command, CommanderError } from "commander";
import { parseOptions, type SimulatorFlags } from "./options.ts";

const EXAMPLES = `Examples:
  modelfleet simulate --devices 2000 --loss 0.05 --reorder 0.05 --duplicate 0.05 --crash 0.01 --offline 0.3
  modelfleet simulate --devices 100000 --plan plan.yaml --seed 7 --fail 0.02
  modelfleet simulate --devices 1000 --transport mqtt --offline 0.3
`;

/** `modelfleet simulate`: a rollout over simulated agents; the last line is one JSON object of what came of it. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("modelfleet simulate")
    .description(
      "a rollout over many simulated agents, with real messages and signatures, against a whole controller in this process",
    )
    .addHelpText("before", EXAMPLES)
    .option("--devices <count>", "how many", "1000")
    .option("--plan <file>", "the rollout's plan; 1 %, 10 %, 100 % without one")
    .option("--seed <text>", "where all chance comes from: the same again is the same run", "1")
    .option(
      "--transport <name>",
      "bus (in this process, own time) or mqtt (sockets, real time)",
      "bus",
    )
    .option("--loss <share>", "of messages that are lost, either way", "0")
    .option("--reorder <share>", "of messages that come late, behind others", "0")
    .option("--duplicate <share>", "of messages that come twice", "0")
    .option("--crash <share>", "chance that a device falls in a step of an installation", "0")
    .option("--skew <ms>", "by so much a device's clock may be wrong, either way", "0")
    .option("--offline <share>", "of devices that are away at first and return later", "0")
    .option("--away <ms>", "until the last of them is back")
    .option("--fail <share>", "of devices that refuse the release", "0")
    .option("--fail-code <code>", "with what they refuse it", "GOLDEN_MISMATCH")
    .option("--slow <share>", "of devices that take ten times as long", "0")
    .option("--step <ms>", "about so long takes each step of an installation")
    .option("--json", "print only the last line")
    .exitOverride();
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  try {
    return await play(program.opts<SimulatorFlags>());
  } catch (error) {
    if (!isCodedError(error)) throw error;
    process.stderr.write(`error: ${error.message}\n`);
    return ["OPTION", "PLAN_INVALID"].includes(error.code) ? 2 : 1;
  }
}

async function play(flags: SimulatorFlags): Promise<number> {
  const options = parseOptions(flags);
  // Only now, so that --help does not wait for the controller.
  const { simulate } = await import("./simulate.ts");
  const print = (text: string) => {
    if (flags.json !== true) process.stdout.write(`${text}\n`);
  };
  const startMs = performance.now();
  const progress = (line: string) => {
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1);
    print(`${seconds.padStart(7)} s  ${line}`);
  };
  const { result, report } = await simulate(options, progress);
  print(`\n${report}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  const isSound = result.lost + result.duplicated + result.offersAfterHalt === 0;
  if (!isSound) process.stderr.write("something was lost, doubled or sent too late\n");
  return isSound ? 0 : 1;
}
