import type { DeviceFacts } from "./facts.ts";
import type { RuntimeFile } from "./runtime-file.ts";
import type { Target } from "./target-file.ts";
import { satisfiesRange } from "./version-range.ts";

/** Everything `firmware-targets/` declares, with bases already resolved; boards first, generic bases last. */
export type TargetCatalog = {
  readonly targets: readonly Target[];
  readonly runtimes: readonly RuntimeFile[];
};

/** What becomes of a board without a file of its own: the generic target of its architecture, or a refusal. */
export type UnknownBoards = "generic" | "refuse";

/** What decides which files load: operating system, architecture and C library. */
export type Platform = Pick<DeviceFacts, "os" | "arch" | "libc">;

/** The target of that id; also of a catalogue newer or older than the other side's, hence perhaps none. */
export function findTarget(catalog: TargetCatalog, id: string): Target | undefined {
  return catalog.targets.find((target) => target.id === id);
}

/** The target that stands for every board of a platform. */
export function genericTarget(catalog: TargetCatalog, platform: Platform): Target | undefined {
  return catalog.targets.find((target) => isGeneric(target) && fitsPlatform(target, platform));
}

/** Whether a target stands for every board of its platform: it has no probe of its own. */
export function isGeneric(target: Target): boolean {
  return target.match.length === 0;
}

function fitsPlatform(target: Target, platform: Platform): boolean {
  return fitsMachine(target, platform) && fitsLibc(target.platform.libc, platform.libc);
}

/** Whether operating system and architecture are the declared ones. */
export function fitsMachine(
  { platform }: Target,
  { os, arch }: Pick<DeviceFacts, "os" | "arch">,
): boolean {
  return platform.os === os && platform.arch === arch;
}

/** Whether a C library is of the declared family and not older than the declared version. */
export function fitsLibc(declared: Target["platform"]["libc"], found: Platform["libc"]): boolean {
  return declared.family === found.family && satisfiesRange(found.version, `>=${declared.min}`);
}
