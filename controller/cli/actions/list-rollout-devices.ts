import { type RolloutDevice, RolloutDeviceList, rolloutLimits } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { readCount } from "../read-options.ts";
import { readPages } from "../read-pages.ts";
import { age, table } from "../render/table.ts";
import { rolloutPath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export interface ListRolloutDevicesOptions extends ApiOptions {
  readonly state?: string;
  readonly stage?: string;
  readonly limit: string;
}

export async function listRolloutDevices(
  terminal: Terminal,
  id: string,
  options: ListRolloutDevicesOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const count = readCount("--limit", options.limit);
  const query = new URLSearchParams({
    limit: String(Math.max(1, Math.min(count, rolloutLimits.pageMax))),
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.stage === undefined ? {} : { stage: String(readStage(options.stage)) }),
  });
  const devices = await readPages(context.api, {
    path: `${rolloutPath(id)}/devices?${query.toString()}`,
    answer: RolloutDeviceList,
    rowsOf: ({ devices: rows }: RolloutDeviceList) => rows,
    count,
  });
  context.answer({ devices }, () => render(devices, terminal.nowMs()));
}

/** People count from 1. */
function readStage(text: string): number {
  const number = readCount("--stage", text);
  if (number > 0) return number - 1;
  throw new CliError("USAGE", "--stage: expected 1 or more, for the first stage is 1");
}

function render(devices: readonly RolloutDevice[], nowMs: number): string {
  if (devices.length === 0) return "no such device";
  const rows = devices.map((device) => [
    device.device,
    device.stage === null ? "" : String(device.stage + 1),
    device.state,
    String(device.attempt),
    device.online ? "online" : "offline",
    age(device.changedAtMs, nowMs),
    reasonOf(device),
  ]);
  return table(["device", "stage", "state", "attempt", "", "for", "reason"], rows);
}

function reasonOf({ code, detail, reasons }: RolloutDevice): string {
  const said = [code, detail].filter((part) => part !== null);
  return [
    ...(said.length === 0 ? [] : [said.join(": ")]),
    ...reasons.map((reason) => `${reason.code} need ${reason.need} have ${reason.have}`),
  ].join("; ");
}
