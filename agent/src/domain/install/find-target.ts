import {
  type DeviceFacts,
  matchTarget,
  type Platform,
  type ReadText,
  targetCatalog,
} from "@modelfleet/protocol";

const unknownTarget = "unknown";

/** Id of the firmware target this device is, by its probes; `unknown` when none fits (targets.md 1.3). */
export function findTargetId(platform: Platform, read: ReadText): DeviceFacts["target"] {
  const match = matchTarget(targetCatalog, { platform, read });
  return match.kind === "unknown" ? unknownTarget : match.target.id;
}
