import { Device } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export interface RevokeDeviceOptions extends ApiOptions {
  readonly reason?: string;
}

export async function revokeDevice(
  terminal: Terminal,
  id: string,
  options: RevokeDeviceOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const device = await context.api.call({
    method: "POST",
    path: `/v1/devices/${encodeURIComponent(id)}/revoke`,
    answer: Device,
    json: options.reason === undefined ? {} : { reason: options.reason },
  });
  context.answer(device, () => `${device.id} is revoked; its key and its secret are void`);
  if (!context.json) {
    terminal.err(
      `enrol another device in its place by: modelfleet claim create --class ${device.class} --device ${device.id}\n`,
    );
  }
}
