import type { DeviceId } from "@modelfleet/protocol";
import { NotFoundError } from "../../domain/errors.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";

/** @throws NotFoundError DEVICE_UNKNOWN */
export async function knownDevice(fleet: FleetStore, id: DeviceId): Promise<DeviceRecord> {
  const device = await fleet.device(id);
  if (device !== undefined) return device;
  throw new NotFoundError(
    "DEVICE_UNKNOWN",
    `expected a device of this fleet, got ${id}: see modelfleet device list`,
  );
}
