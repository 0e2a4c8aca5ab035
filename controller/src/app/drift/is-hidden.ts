import { driftPipelineLimits, type ReleaseDocument } from "@modelfleet/protocol";
import type { CellRollup } from "../../ports/drift-store.ts";

/** Under strict privacy nothing is said of so few that it would be said of somebody (telemetry.md 2.8). */
export function isHidden(
  { drift }: Pick<ReleaseDocument, "drift">,
  { devices, merged }: Pick<CellRollup, "devices" | "merged">,
): boolean {
  if (drift?.privacy !== "strict") return false;
  const { strictDevicesMin, strictItemsMin } = driftPipelineLimits;
  return devices < strictDevicesMin || merged.items < strictItemsMin;
}
