import type { Deployment, DeviceId, Labels } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { isMeant } from "../../domain/deployment/is-meant.ts";
import type { StoredDeployment } from "../../ports/deployment-store.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import { deploymentView } from "./deployment-view.ts";

type Fleet = ReadonlyMap<DeviceId, DeviceRecord>;

/** A deployment as this caller may see it: his models on his devices. @returns undefined when nothing of it is his */
export function seenDeployment(
  stored: StoredDeployment,
  devices: Fleet,
  caller: Principal,
): Deployment | undefined {
  const { model, approval } = stored;
  const isSeen = (labels: Labels) => permits(caller, { action: "deployment.read", model, labels });
  const seen = stored.devices.filter(({ device }) => isSeen(labelsOf(devices.get(device))));
  const isOwn = approval.state === "awaiting-approval" && approval.requestedBy === caller.id;
  if (seen.length === 0 && !isOwn && !meantLabels(stored, devices).some(isSeen)) return undefined;
  return deploymentView({ ...stored, devices: seen }, devices);
}

/** Of those it is meant for while it waits and has no devices; one that is meant for nobody is the whole fleet's. */
function meantLabels({ devices: met, target }: StoredDeployment, devices: Fleet): Labels[] {
  if (met.length > 0) return [];
  const meant = [...devices.values()].filter((device) => isMeant(target, device));
  return meant.length > 0 ? meant.map(labelsOf) : [{}];
}

function labelsOf(device: DeviceRecord | undefined): Labels {
  return device?.labels ?? {};
}
