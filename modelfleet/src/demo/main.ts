import { Command, CommanderError } from "commander";
import type { DemoOptions } from "./play-demo.ts";

/** `modelfleet demo`: tells the story; the last line is one JSON object of what happened. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command("modelfleet demo")
    .description(
      "a controller, three agents and an application on each, on this machine, in about a minute",
    )
    .addHelpText("before", "Example:\n  modelfleet demo\n")
    .option("--json", "print only the last line")
    .option("--keep", "keep the data folder and say where it is")
    .exitOverride();
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  // Only now, so that --help does not wait for the contract.
  const { playDemo } = await import("./play-demo.ts");
  return playDemo(program.opts<DemoOptions>());
}
