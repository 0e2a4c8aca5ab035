import type { Command } from "commander";
import type { ListDevicesOptions } from "../actions/list-devices.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addDeviceCommands(program: Command, terminal: Terminal): void {
  const device = program
    .command("device")
    .description("the devices of the fleet")
    .addHelpText("before", "Example:\n  modelfleet device list\n");
  withApiOptions(
    device
      .command("list")
      .description("every device, what it runs and when it was last heard")
      .option("--label <key=value...>", "only devices that carry this label", []),
  )
    .addHelpText("before", "Example:\n  modelfleet device list --label site=plant-a\n")
    .action(async (options: ListDevicesOptions) => {
      const { listDevices } = await import("../actions/list-devices.ts");
      await listDevices(terminal, options);
    });
  withApiOptions(
    device.command("show <id>").description("one device: its facts, slots and last steps"),
  )
    .addHelpText("before", "Example:\n  modelfleet device show cam-0017\n")
    .action(async (id: string, options: ApiOptions) => {
      const { showDevice } = await import("../actions/show-device.ts");
      await showDevice(terminal, id, options);
    });
}
