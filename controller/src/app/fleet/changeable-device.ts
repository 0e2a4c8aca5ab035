import type { DeviceId } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import { requireRight } from "../access/require-right.ts";
import { deviceUnknown, knownDevice } from "./known-device.ts";

/**
 * A device that is the caller's to change.
 *
 * @throws NotFoundError DEVICE_UNKNOWN, also for one he may not see; AccessError NOT_PERMITTED for one he only sees
 */
export async function changeableDevice(
  fleet: FleetStore,
  id: DeviceId,
  caller: Principal,
): Promise<DeviceRecord> {
  const device = await seeableDevice(fleet, id, caller);
  requireRight(caller, { action: "device.change", labels: device.labels });
  return device;
}

/** @throws NotFoundError DEVICE_UNKNOWN, also for a device the caller may not see */
export async function seeableDevice(
  fleet: FleetStore,
  id: DeviceId,
  caller: Principal,
): Promise<DeviceRecord> {
  const device = await knownDevice(fleet, id);
  if (permits(caller, { action: "device.read", labels: device.labels })) return device;
  throw deviceUnknown(id);
}
