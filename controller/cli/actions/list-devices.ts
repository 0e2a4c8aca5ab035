import { DeviceList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readLabels } from "../read-options.ts";
import { slotsRunning, slotsWanted } from "../render/slots.ts";
import { stateWord } from "../render/state-word.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export interface ListDevicesOptions extends ApiOptions {
  readonly label: readonly string[];
}

export async function listDevices(terminal: Terminal, options: ListDevicesOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const query = Object.entries(readLabels(options.label))
    .map(([key, value]) => `label=${encodeURIComponent(`${key}=${value}`)}`)
    .join("&");
  const list = await context.api.call({
    method: "GET",
    path: `/v1/devices?${query}`,
    answer: DeviceList,
  });
  context.answer(list, () => renderList(list, terminal.nowMs(), query !== ""));
}

function renderList(list: DeviceList, nowMs: number, isFiltered: boolean): string {
  if (list.devices.length === 0 && isFiltered) return "no device carries these labels";
  if (list.devices.length === 0) {
    return 'no device yet: make an enrolment string with "modelfleet claim create"';
  }
  const rows = list.devices.map((device) => [
    device.id,
    device.class,
    stateWord(device),
    device.lastSeenAtMs === null ? "never" : age(device.lastSeenAtMs, nowMs),
    slotsRunning(device),
    slotsWanted(device),
    Object.entries(device.labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(","),
  ]);
  return table(["device", "class", "state", "seen", "runs", "wanted", "labels"], rows);
}
