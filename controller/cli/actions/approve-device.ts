import { Device, readFingerprint } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export interface ApproveDeviceOptions extends ApiOptions {
  readonly fingerprint: string;
}

export async function approveDevice(
  terminal: Terminal,
  id: string,
  options: ApproveDeviceOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const fingerprint = readFingerprint(options.fingerprint);
  if (fingerprint === undefined) {
    throw new CliError(
      "USAGE",
      `--fingerprint: expected 8 groups of 4 hex digits, as the agent prints them, got "${options.fingerprint.slice(0, 64)}"`,
    );
  }
  const device = await context.api.call({
    method: "POST",
    path: `/v1/devices/${encodeURIComponent(id)}/approve`,
    answer: Device,
    json: { fingerprint },
  });
  context.answer(device, () => `${device.id} is approved; its agent is let in when it asks again`);
}
