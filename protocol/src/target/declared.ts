import {
  findTarget,
  genericTarget,
  isGeneric,
  type TargetCatalog,
  type UnknownBoards,
} from "./catalog.ts";
import type { DeviceFacts } from "./facts.ts";
import type { ReleaseIo } from "./requirements.ts";
import type { RuntimeFile } from "./runtime-file.ts";
import type { Target } from "./target-file.ts";

/** What people laid down about a device: its target's ceilings and what the fleet says about it. */
export type Declared = {
  /** Null: nobody knows what it is. */
  readonly target: Target | null;
  readonly runtimes: readonly RuntimeFile[];
  /** Why nothing new may be given to this device. */
  readonly hold?: string | undefined;
  /** What the applications of the slot rely on. */
  readonly io?: ReleaseIo | undefined;
};

/**
 * The declared side of a device that says what target it is.
 * A target this catalogue does not have (the other side is newer) counts as an unknown board.
 */
export function declaredFor(
  catalog: TargetCatalog,
  reported: DeviceFacts,
  unknownBoards: UnknownBoards = "generic",
): Declared {
  const target = findTarget(catalog, reported.target) ?? genericTarget(catalog, reported) ?? null;
  const refused = target !== null && isGeneric(target) && unknownBoards === "refuse";
  return { target: refused ? null : target, runtimes: catalog.runtimes };
}
