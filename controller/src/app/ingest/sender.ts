import type { DeviceId } from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";
import type { DeviceRecord, FleetStore, SenderRecord } from "../../ports/fleet-store.ts";

/** The device a message came from, with all that is known of it. @throws MessageRefused DEVICE_UNKNOWN | DEVICE_REVOKED */
export async function sender(fleet: FleetStore, id: DeviceId): Promise<DeviceRecord> {
  return admitted(await fleet.device(id), id);
}

/** The same, with what is needed to take in a report. @throws MessageRefused DEVICE_UNKNOWN | DEVICE_REVOKED */
export async function reporter(fleet: FleetStore, id: DeviceId): Promise<SenderRecord> {
  return admitted(await fleet.sender(id), id);
}

function admitted<Device extends Pick<SenderRecord, "state">>(
  device: Device | undefined,
  id: DeviceId,
): Device {
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
