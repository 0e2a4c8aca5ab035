import type { Command } from "commander";
import type { CreateClaimOptions } from "../actions/create-claim.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
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
      .option("--valid <duration>", "how long it is good for, like 30m or 24h, at most 24h", "1h")
      .option("--label <key=value...>", "label given to each device that enrols", [])
      .option("--device <id>", "only for a device of this name, also in place of a revoked one")
      .option("--approve", "a device that enrols waits until you have compared its fingerprint"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet claim create --class cam-v2 --uses 20 --label site=plant-a\n",
    )
    .action(async (options: CreateClaimOptions) => {
      const { createClaim } = await import("../actions/create-claim.ts");
      await createClaim(terminal, options);
    });
  withApiOptions(
    claim.command("list").description("every claim: for what, how often used, until when"),
  )
    .addHelpText("before", "Example:\n  modelfleet claim list\n")
    .action(async (options: ApiOptions) => {
      const { listClaims } = await import("../actions/list-claims.ts");
      await listClaims(terminal, options);
    });
  withApiOptions(
    claim.command("revoke <id>").description("let nobody enrol with it any more; devices stay"),
  )
    .addHelpText("before", "Example:\n  modelfleet claim revoke 0123456789abcdef\n")
    .action(async (id: string, options: ApiOptions) => {
      const { revokeClaim } = await import("../actions/revoke-claim.ts");
      await revokeClaim(terminal, id, options);
    });
}
