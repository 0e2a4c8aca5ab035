import type { DeviceId } from "@modelfleet/protocol";
import { DeviceStateError, NotFoundError } from "../../domain/errors.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";

/** @throws NotFoundError DEVICE_UNKNOWN */
export async function knownDevice(fleet: FleetStore, id: DeviceId): Promise<DeviceRecord> {
  const device = await fleet.device(id);
  if (device !== undefined) return device;
  throw deviceUnknown(id);
}

/** Of one that is not there; and, to a caller who may not see it, of one that is. */
export function deviceUnknown(id: DeviceId): NotFoundError {
  return new NotFoundError(
    "DEVICE_UNKNOWN",
    `expected a device of this fleet, got ${id}: see modelfleet device list`,
  );
}

/** @throws NotFoundError DEVICE_UNKNOWN @throws DeviceStateError DEVICE_REVOKED | DEVICE_PENDING */
export async function activeDevice(fleet: FleetStore, id: DeviceId): Promise<DeviceRecord> {
  const device = await knownDevice(fleet, id);
  switch (device.state) {
    case "active":
      return device;
    case "pending":
      throw new DeviceStateError(
        "DEVICE_PENDING",
        `expected a member of the fleet, ${id} waits for approval: modelfleet device approve ${id} --fingerprint …`,
      );
    case "revoked":
      throw new DeviceStateError(
        "DEVICE_REVOKED",
        `expected a member of the fleet, ${id} is revoked: enrol another device in its place by modelfleet claim create --device ${id}`,
      );
  }
}
