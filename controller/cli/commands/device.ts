import type { Command } from "commander";
import type { ApproveDeviceOptions } from "../actions/approve-device.ts";
import type { ListDevicesOptions } from "../actions/list-devices.ts";
import type { RevokeDeviceOptions } from "../actions/revoke-device.ts";
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
  addStateCommands(device, terminal);
}

function addStateCommands(device: Command, terminal: Terminal): void {
  withApiOptions(
    device
      .command("approve <id>")
      .description("let a device in that waits, by the fingerprint its agent shows")
      .requiredOption("--fingerprint <groups>", "what the agent printed on the device"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet device approve cam-0017 --fingerprint 8f3a-01c2-77de-4b90-5a1e-c3f4-0d62-9b7e\n",
    )
    .action(async (id: string, options: ApproveDeviceOptions) => {
      const { approveDevice } = await import("../actions/approve-device.ts");
      await approveDevice(terminal, id, options);
    });
  withApiOptions(
    device
      .command("revoke <id>")
      .description("put a stolen, lost or broken device out of the fleet, for ever")
      .option("--reason <text>", "why, for whoever reads it later"),
  )
    .addHelpText("before", "Example:\n  modelfleet device revoke cam-0017 --reason stolen\n")
    .action(async (id: string, options: RevokeDeviceOptions) => {
      const { revokeDevice } = await import("../actions/revoke-device.ts");
      await revokeDevice(terminal, id, options);
    });
}
