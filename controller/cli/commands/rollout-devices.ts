import type { Command } from "commander";
import type { ExcludeDeviceOptions } from "../actions/exclude-rollout-device.ts";
import type { ListRolloutDevicesOptions } from "../actions/list-rollout-devices.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addRolloutDeviceCommands(rollout: Command, terminal: Terminal): void {
  withApiOptions(
    rollout
      .command("devices <id>")
      .description("show the devices of a rollout in its order")
      .option("--state <states>", "only these, like failed,rejected")
      .option("--stage <number>", "only of this stage; the first is 1")
      .option("--limit <count>", "at most so many", "500"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet rollout devices 4f1d2c3b5a697887 --state failed\n",
    )
    .action(async (id: string, options: ListRolloutDevicesOptions) => {
      const { listRolloutDevices } = await import("../actions/list-rollout-devices.ts");
      await listRolloutDevices(terminal, id, options);
    });
  withApiOptions(
    rollout
      .command("exclude <id> <device>")
      .description("take one device out before it begins to serve the release")
      .requiredOption("--reason <text>", "why, for whoever reads it later"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet rollout exclude 4f1d2c3b5a697887 cam-0017 --reason 'in repair'\n",
    )
    .action(async (id: string, device: string, options: ExcludeDeviceOptions) => {
      const { excludeRolloutDevice } = await import("../actions/exclude-rollout-device.ts");
      await excludeRolloutDevice(terminal, { id, device }, options);
    });
  withApiOptions(
    rollout.command("explain <id> <device>").description("say why a device waits, or how it ended"),
  )
    .addHelpText("before", "Example:\n  modelfleet rollout explain 4f1d2c3b5a697887 cam-0017\n")
    .action(async (id: string, device: string, options: ApiOptions) => {
      const { explainRolloutDevice } = await import("../actions/explain-rollout-device.ts");
      await explainRolloutDevice(terminal, { id, device }, options);
    });
}
