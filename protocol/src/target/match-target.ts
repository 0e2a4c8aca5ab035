import {
  fitsMachine,
  genericTarget,
  type Platform,
  type TargetCatalog,
  type UnknownBoards,
} from "./catalog.ts";
import { probeHolds, type ReadText } from "./probe.ts";
import type { Target } from "./target-file.ts";

/** Whoever knows better than the probes writes the target's id into this file of the device. */
export const targetOverrideFile = "/etc/modelfleet/target";

/** Which target a device is and by which rule; or, for people, why it is none. */
export type TargetMatch =
  | { readonly kind: "override" | "board" | "generic"; readonly target: Target }
  | { readonly kind: "unknown"; readonly why: string };

/**
 * Which target a device is.
 *
 * 1. The override file names it; a name nobody knows is an error of the person who wrote it, never a reason to guess.
 * 2. The first target of the catalogue with a probe that holds; a 64-bit board under a 32-bit system is another target.
 * 3. The generic target of its platform, unless the fleet refuses unknown boards.
 *
 * @param read gives the text of a file of the device, or null; the only way this function sees the device
 */
export function matchTarget(
  catalog: TargetCatalog,
  device: { readonly platform: Platform; readonly read: ReadText },
  unknownBoards: UnknownBoards = "generic",
): TargetMatch {
  const named = device.read(targetOverrideFile)?.trim();
  if (named) return override(catalog, named);

  const board = catalog.targets.find(
    (target) =>
      fitsMachine(target, device.platform) &&
      target.match.some((probe) => probeHolds(probe, device.read)),
  );
  if (board) return { kind: "board", target: board };
  if (unknownBoards === "refuse") {
    return { kind: "unknown", why: "no probe holds, and the fleet refuses unknown boards" };
  }

  const target = genericTarget(catalog, device.platform);
  if (target) return { kind: "generic", target };
  const { os, arch, libc } = device.platform;
  return { kind: "unknown", why: `no target for ${os} ${arch} ${libc.family} ${libc.version}` };
}

function override(catalog: TargetCatalog, named: string): TargetMatch {
  const target = catalog.targets.find((candidate) => candidate.id === named);
  if (target) return { kind: "override", target };
  const known = catalog.targets.map((candidate) => candidate.id).join(", ");
  return {
    kind: "unknown",
    why: `${targetOverrideFile}: expected one of ${known}, got "${named.slice(0, 64)}"`,
  };
}
