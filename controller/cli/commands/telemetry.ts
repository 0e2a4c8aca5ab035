import type { Command } from "commander";
import type { ShowTelemetryOptions } from "../actions/show-telemetry.ts";
import { withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addTelemetryCommands(program: Command, terminal: Terminal): void {
  const telemetry = program
    .command("telemetry")
    .description("what the devices measured")
    .addHelpText("before", "Example:\n  modelfleet telemetry show digits\n");
  withApiOptions(
    telemetry
      .command("show <model>")
      .description("traffic, latency and distributions beside the reference profile")
      .option("--release <version>", "only this version")
      .option("--device <id>", "only this device")
      .option("--since <duration>", "how far back", "24h"),
  )
    .addHelpText("before", "Example:\n  modelfleet telemetry show digits --since 10m\n")
    .action(async (model: string, options: ShowTelemetryOptions) => {
      const { showTelemetry } = await import("../actions/show-telemetry.ts");
      await showTelemetry(terminal, model, options);
    });
}
