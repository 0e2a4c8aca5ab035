import type { Command } from "commander";
import type { CreateClaimOptions } from "../actions/create-claim.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addClaimCommands(program: Command, terminal: Terminal): void {
  const claim = program
    .command("claim")
    .description("permissions to enrol devices")
    .addHelpText("before", "Example:\n  modelfleet claim create --class cam-v2\n");
  withApiOptions(
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
    .action(async (options: CreateClaimOptions) => {
      const { createClaim } = await import("../actions/create-claim.ts");
      await createClaim(terminal, options);
    });
}
