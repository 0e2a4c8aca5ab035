import type { DeploymentTarget } from "@modelfleet/protocol";
import { DeployError } from "../../domain/errors.ts";
import { matchesLabels } from "../../domain/fleet/matches-labels.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import { activeDevice } from "../fleet/known-device.ts";

/**
 * The members of the fleet a deployment is meant for.
 *
 * @throws NotFoundError DEVICE_UNKNOWN @throws DeviceStateError DEVICE_REVOKED | DEVICE_PENDING
 * @throws DeployError SELECTION_EMPTY
 */
export async function selectDevices(
  fleet: FleetStore,
  target: DeploymentTarget,
): Promise<readonly DeviceRecord[]> {
  if ("device" in target) return [await activeDevice(fleet, target.device)];
  const wanted = "labels" in target ? target.labels : {};
  const selected = (await fleet.devices()).filter(
    ({ labels, state }) => state === "active" && matchesLabels(labels, wanted),
  );
  if (selected.length > 0) return selected;
  const asked = Object.entries(wanted).map(([key, value]) => `${key}=${value}`);
  throw new DeployError(
    "SELECTION_EMPTY",
    `expected at least one device${asked.length > 0 ? ` with ${asked.join(", ")}` : ""}, got none: see modelfleet device list`,
  );
}
