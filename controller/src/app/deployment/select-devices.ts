import type { DeploymentTarget } from "@modelfleet/protocol";
import type { Action } from "../../domain/access/actions.ts";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { isMeant } from "../../domain/deployment/is-meant.ts";
import { AccessError, DeployError } from "../../domain/errors.ts";
import { labelTerms } from "../../domain/fleet/label-terms.ts";
import type { DeploymentRecord } from "../../ports/deployment-store.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import { activeDevice } from "../fleet/known-device.ts";

/** Somebody who stands behind a deployment, and the right he needs for it. */
export interface Backer {
  readonly who: Principal;
  readonly action: Action;
}

export interface Selection {
  /** Each needs his right over the model on every one of the devices. */
  readonly behind: readonly Backer[];
  readonly draft: Pick<DeploymentRecord, "model" | "target">;
}

/**
 * The members of the fleet a deployment is meant for. Rules:
 *
 * 1. The right over a model on a device lies in one grant; devices may lie in several.
 * 2. A selection beyond somebody's grants is refused in the same words whether it meets devices there or nothing: he
 *    is not told of devices that are not his.
 *
 * @throws AccessError NOT_PERMITTED
 * @throws NotFoundError DEVICE_UNKNOWN @throws DeviceStateError DEVICE_REVOKED | DEVICE_PENDING
 * @throws DeployError SELECTION_EMPTY
 */
export async function selectDevices(
  fleet: FleetStore,
  { behind, draft: { model, target } }: Selection,
): Promise<readonly DeviceRecord[]> {
  const meant = await meantDevices(fleet, target);
  const devices = meant.filter(({ state }) => state === "active");
  const met = devices.length > 0 ? devices : [{ labels: wantedLabels(target) }];
  for (const { who, action } of behind) {
    if (met.every(({ labels }) => permits(who, { action, model, labels }))) continue;
    throw new AccessError(
      "NOT_PERMITTED",
      `expected a grant of ${action} over model ${model} on every device this is meant for, ${who.id} has none on some: name devices of your own, or ask an admin for a key with that role`,
    );
  }
  if (devices.length === 0) throw selectionEmpty(target, meant);
  return devices;
}

async function meantDevices(
  fleet: FleetStore,
  target: DeploymentTarget,
): Promise<readonly DeviceRecord[]> {
  if ("device" in target) return [await activeDevice(fleet, target.device)];
  const devices = await fleet.devices();
  return devices.filter((device) => isMeant(target, device));
}

function wantedLabels(target: DeploymentTarget) {
  return "labels" in target ? target.labels : {};
}

/** Who gets here has the right over every device the target could mean, so he may know of those it leaves out. */
function selectionEmpty(
  target: DeploymentTarget,
  leftOut: readonly Pick<DeviceRecord, "state">[],
): DeployError {
  const asked = labelTerms(wantedLabels(target));
  return new DeployError(
    "SELECTION_EMPTY",
    `expected at least one device${asked.length > 0 ? ` with ${asked.join(", ")}` : ""}, got none${statesOf(leftOut)}: see modelfleet device list`,
  );
}

function statesOf(leftOut: readonly Pick<DeviceRecord, "state">[]): string {
  const count = (wanted: DeviceRecord["state"]) =>
    leftOut.filter(({ state }) => state === wanted).length;
  const pending = count("pending");
  const revoked = count("revoked");
  const parts = [
    ...(pending > 0
      ? [`${pending} ${pending === 1 ? "waits" : "wait"} for approval (modelfleet device approve)`]
      : []),
    ...(revoked > 0 ? [`${revoked} revoked`] : []),
  ];
  return parts.length === 0 ? "" : ` that is active, ${parts.join(", ")}`;
}
