import type { Deployment, DeviceId } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { StoredDeployment } from "../../ports/deployment-store.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import { deploymentView } from "./deployment-view.ts";

/** A deployment as this caller may see it: his models on his devices. @returns undefined when nothing of it is his */
export function seenDeployment(
  stored: StoredDeployment,
  devices: ReadonlyMap<DeviceId, DeviceRecord>,
  caller: Principal,
): Deployment | undefined {
  const { model } = stored;
  const action = "deployment.read";
  if (!permits(caller, { action, model })) return undefined;
  const seen = stored.devices.filter(({ device }) =>
    permits(caller, { action, model, labels: devices.get(device)?.labels ?? {} }),
  );
  if (seen.length === 0 && stored.devices.length > 0) return undefined;
  return deploymentView({ ...stored, devices: seen }, devices);
}
