import {
  type DesiredModel,
  isCodedError,
  type ReleaseReference,
  VerifyError,
} from "@modelfleet/protocol";
import type { InstallParts } from "./install-parts.ts";

/** Remove what no slot and no wish needs: never the active, the previous or a release on trial (store.md 3.2). */
export async function collectGarbage(
  parts: InstallParts,
  wanted: readonly DesiredModel[],
): Promise<void> {
  const state = parts.record.current();
  // After a lost state nobody knows yet what the files on disk are for; they may all be wanted.
  if (state.desiredSha256 === null) return;
  const held = state.slots.flatMap(({ active, previous, trial }) => [active, previous, trial]);
  const kept: Pick<ReleaseReference, "release" | "model">[] = [
    ...held.filter((reference) => reference !== null),
    ...wanted,
  ];
  const documents = new Set<string>(kept.map(({ release }) => release));
  documents.add(state.desiredSha256);
  documents.add(state.rootSha256);
  const blobs = new Set<string>();
  for (const named of kept) {
    const document = await findQuietly(parts, named);
    // A document that cannot be read names files nobody knows: then nothing is removed.
    if (document === "unreadable") return;
    for (const file of document?.files ?? []) blobs.add(file.sha256);
  }
  await parts.store.collect({ documents, blobs });
  parts.shelf.forget(documents);
}

async function findQuietly(
  parts: InstallParts,
  named: Pick<ReleaseReference, "release" | "model">,
) {
  try {
    return await parts.shelf.find(named);
  } catch (cause) {
    // Wanted, but not trusted, as a revoked one: nothing of it is loaded, so none of its files is needed.
    if (cause instanceof VerifyError) return undefined;
    if (isCodedError(cause)) return "unreadable";
    throw cause;
  }
}
