import type { DesiredModel, SlotReport } from "@modelfleet/protocol";
import type { ReleaseName } from "../../domain/agent-status.ts";
import { knownVersion } from "./known-version.ts";
import type { ReleaseShelf } from "./release-shelf.ts";

export interface NamesParts {
  readonly slots: readonly SlotReport[];
  readonly wanted: readonly DesiredModel[];
  readonly shelf: Pick<ReleaseShelf, "find">;
}

/**
 * The names of what the slots hold, want and refuse. Without those whose document is not here, or is not trusted any more.
 *
 * A refusal names the digest alone: the model is told by whoever wants the release, the version by its document.
 */
export async function releaseNames({
  slots,
  wanted,
  shelf,
}: NamesParts): Promise<readonly ReleaseName[]> {
  const held = slots.flatMap(({ active, previous, trial }) => [active, previous, trial]);
  const names = new Map<string, ReleaseName>();
  for (const reference of held) {
    if (reference === null) continue;
    const { release, model, version } = reference;
    names.set(release, { release, model, version });
  }
  for (const order of wanted) {
    const { release, model, size } = order;
    if (names.has(release)) continue;
    const version = await knownVersion(shelf, { release, model, size });
    if (version !== undefined) names.set(release, { release, model, version });
  }
  return [...names.values()];
}
