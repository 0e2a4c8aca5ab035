import type { DeviceId } from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";

/** The device a message came from. @throws MessageRefused DEVICE_UNKNOWN | DEVICE_REVOKED */
export async function sender(fleet: FleetStore, id: DeviceId): Promise<DeviceRecord> {
  const device = await fleet.device(id);
  // protocol.md 7.9: a revoked device is heard no more, whatever is still under way.
  if (device?.state === "revoked") {
    throw new MessageRefused("DEVICE_REVOKED", `expected a device of this fleet, ${id} is revoked`);
  }
  if (device?.state === "active") return device;
  throw new MessageRefused("DEVICE_UNKNOWN", `expected an enrolled device, got ${id}`);
}

/** A message says itself whose it is. @throws MessageRefused FOREIGN_DEVICE */
export function checkOwner(message: { readonly device: DeviceId }, id: DeviceId): void {
  if (message.device === id) return;
  throw new MessageRefused(
    "FOREIGN_DEVICE",
    `expected a message of ${id}, got one of ${message.device}`,
  );
}
