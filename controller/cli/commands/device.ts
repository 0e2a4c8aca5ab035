import { Device, DeviceList } from "@modelfleet/protocol";
import type { Command } from "commander";
import { type CommonOptions, contextOf, withCommonOptions } from "../context.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

interface ListOptions extends CommonOptions {
  readonly label: readonly string[];
}

export function addDeviceCommands(program: Command, terminal: Terminal): void {
  const device = program.command("device").description("the devices of the fleet");
  withCommonOptions(
    device
      .command("list")
      .description("every device, what it runs and when it was last heard")
      .option("--label <key=value...>", "only devices that carry this label", []),
  )
    .addHelpText("before", "Example:\n  modelfleet device list --label site=plant-a\n")
    .action(async (options: ListOptions) => {
      const context = contextOf(terminal, options);
      const query = options.label.map((label) => `label=${encodeURIComponent(label)}`).join("&");
      const list = await context.api.call({
        method: "GET",
        path: `/v1/devices?${query}`,
        answer: DeviceList,
      });
      context.answer(list, () => renderList(list, terminal.nowMs()));
    });
  withCommonOptions(
    device.command("show <id>").description("one device: its facts, slots and last steps"),
  )
    .addHelpText("before", "Example:\n  modelfleet device show cam-0017\n")
    .action(async (id: string, options: CommonOptions) => {
      const context = contextOf(terminal, options);
      const path = `/v1/devices/${encodeURIComponent(id)}`;
      const found = await context.api.call({ method: "GET", path, answer: Device });
      context.answer(found, () => renderDevice(found, terminal.nowMs()));
    });
}

function renderList(list: DeviceList, nowMs: number): string {
  if (list.devices.length === 0) {
    return 'no device yet: make an enrolment string with "modelfleet claim create"';
  }
  const rows = list.devices.map((device) => [
    device.id,
    device.class,
    device.online ? "online" : "offline",
    device.lastSeenAtMs === null ? "never" : age(device.lastSeenAtMs, nowMs),
    running(device),
    wanted(device),
    Object.entries(device.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
  ]);
  return table(["device", "class", "state", "seen", "runs", "wanted", "labels"], rows);
}

function renderDevice(device: Device, nowMs: number): string {
  const steps = device.recent.map((item) => [
    `${age(item.atMs, nowMs)} ago`,
    item.slot,
    `${item.model}@${item.version}`,
    item.step,
    [item.code, item.detail].filter((part) => part !== undefined).join(": "),
  ]);
  return [
    `${device.id} (${device.class})  ${device.online ? "online" : "offline"}, agent ${device.agentVersion ?? "never seen"}`,
    `runs     ${running(device)}`,
    `wanted   ${wanted(device)} (desired ${device.desired.seq})`,
    `target   ${device.facts === null ? "unknown until its first hello" : `${device.facts.target}, ${device.facts.arch}, ${device.facts.memoryMiB} MiB, ${device.facts.runtimes.map((runtime) => `${runtime.id} ${runtime.version}`).join(", ")}`}`,
    "",
    steps.length === 0
      ? "no steps reported yet"
      : table(["when", "slot", "release", "step", "reason"], steps),
  ].join("\n");
}

function running(device: Device): string {
  const names = device.slots.flatMap((slot) =>
    slot.active === null ? [] : [`${slot.slot}:${slot.active.model}@${slot.active.version}`],
  );
  return names.length === 0 ? "nothing" : names.join(" ");
}

function wanted(device: Device): string {
  const names = device.desired.slots.map((slot) => `${slot.slot}:${slot.model}@${slot.version}`);
  return names.length === 0 ? "nothing" : names.join(" ");
}
