import type { DeploymentTarget, DeviceId, Labels } from "@modelfleet/protocol";
import { matchesLabels } from "../fleet/matches-labels.ts";

/** Whether a target names this device, by its id, by its labels, or with the whole fleet. */
export function isMeant(
  target: DeploymentTarget,
  { id, labels }: { readonly id: DeviceId; readonly labels: Labels },
): boolean {
  if ("device" in target) return target.device === id;
  return matchesLabels(labels, "labels" in target ? target.labels : {});
}
