import type { DesiredModel, ReleaseReference, Sha256, SlotReport } from "@modelfleet/protocol";
import type { RepositoryEntry } from "../domain/open-inference/repository.ts";
import type { ServedModel, ServedSlot } from "../domain/open-inference/served-models.ts";
import { knownVersion } from "./install/known-version.ts";
import type { ReleaseShelf } from "./install/release-shelf.ts";

export interface RepositoryParts {
  readonly served: () => readonly ServedSlot[];
  readonly slots: () => readonly SlotReport[];
  readonly wanted: () => readonly DesiredModel[];
  readonly shelf: Pick<ReleaseShelf, "find">;
}

/**
 * Every release this device knows of: what serves, what is on its way, what is kept for the way back, and what was
 * refused, with the reason. Each once; what serves comes first.
 */
export async function repositoryIndex(parts: RepositoryParts): Promise<readonly RepositoryEntry[]> {
  const entries = new Map<Sha256, RepositoryEntry>();
  const add = (release: Sha256, entry: RepositoryEntry) => {
    if (!entries.has(release)) entries.set(release, entry);
  };
  for (const { model, isReady, canary } of parts.served()) {
    add(model.staged.release, servedEntry(model, isReady, ""));
    if (canary !== undefined) {
      add(canary.model.staged.release, servedEntry(canary.model, canary.isReady, "canary"));
    }
  }
  for (const { active, trial, previous } of parts.slots()) {
    if (active !== null) add(active.release, entryOf(active, "LOADING", ""));
    if (trial !== null) add(trial.release, entryOf(trial, "LOADING", "on trial"));
    if (previous !== null) add(previous.release, entryOf(previous, "UNAVAILABLE", "unloaded"));
  }
  for (const { release, name, version, reason } of await refusedReleases(parts)) {
    const held = entries.get(release);
    // Revoked, and nothing can replace it: it serves on.
    if (held !== undefined) entries.set(release, { ...held, reason });
    else add(release, { name, version, state: "UNAVAILABLE", reason });
  }
  return [...entries.values()];
}

type Refused = Pick<RepositoryEntry, "name" | "version" | "reason"> & { readonly release: Sha256 };

async function refusedReleases(parts: RepositoryParts): Promise<readonly Refused[]> {
  const refused = parts.slots().flatMap((slot) =>
    slot.refused.map(async ({ release, code, detail }) => {
      const named = namedBy(release, slot, parts.wanted());
      if (named === undefined) return [];
      const version = (await knownVersion(parts.shelf, named)) ?? release.slice(0, 12);
      return [{ release, name: named.model, version, reason: `${code}: ${detail}` }];
    }),
  );
  return (await Promise.all(refused)).flat();
}

type Named = Pick<DesiredModel, "release" | "model"> & { readonly size?: number };

/** A refusal names the digest alone; the model is told by whoever wants the release, or by the slot that runs it. */
function namedBy(
  release: Sha256,
  { active }: SlotReport,
  wanted: readonly DesiredModel[],
): Named | undefined {
  const order = wanted.find((one) => one.release === release);
  if (order !== undefined) return { release, model: order.model, size: order.size };
  return active?.release === release ? { release, model: active.model } : undefined;
}

function servedEntry({ staged }: ServedModel, isReady: boolean, reason: string): RepositoryEntry {
  if (isReady) return entryOf(staged.document, "READY", reason);
  return entryOf(staged.document, "UNAVAILABLE", "its runner is being restarted");
}

function entryOf(
  { model, version }: Pick<ReleaseReference, "model" | "version">,
  state: RepositoryEntry["state"],
  reason: string,
): RepositoryEntry {
  return { name: model, version, state, reason };
}
