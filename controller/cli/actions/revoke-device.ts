import { Device, formatTimestamp } from "@modelfleet/protocol";
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
    terminal.err(revokedBefore(device, options.reason));
    terminal.err(
      `enrol another device in its place by: modelfleet claim create --class ${device.class} --device ${device.id}\n`,
    );
  }
}

/** The first reason stands in the log for ever; a second one would be lost without a word. */
function revokedBefore({ revoked }: Device, reason: string | undefined): string {
  if (revoked === null || reason === undefined || revoked.reason === reason) return "";
  const first = revoked.reason === null ? "without a reason" : `with reason "${revoked.reason}"`;
  return `it is revoked already, since ${formatTimestamp(revoked.atMs)}, ${first}: that stays, the reason given now is not kept\n`;
}
