import type { ModelName, ReleaseVersion, Sha256 } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";

/** @throws NotFoundError RELEASE_UNKNOWN */
export async function knownRelease(releases: ReleaseStore, digest: Sha256): Promise<ReleaseRecord> {
  const release = await releases.byDigest(digest);
  if (release !== undefined) return release;
  throw releaseUnknown(digest);
}

/** @throws NotFoundError RELEASE_UNKNOWN, also for a release the caller may not see */
export async function seenRelease(
  releases: ReleaseStore,
  digest: Sha256,
  caller: Principal,
): Promise<ReleaseRecord> {
  const release = await knownRelease(releases, digest);
  const { model } = release.document;
  if (permits(caller, { action: "release.read", model })) return release;
  throw releaseUnknown(digest);
}

function releaseUnknown(digest: Sha256): NotFoundError {
  return new NotFoundError(
    "RELEASE_UNKNOWN",
    `expected the digest of a release, got ${digest}: see modelfleet release list`,
  );
}

/** @throws NotFoundError MODEL_UNKNOWN | RELEASE_UNKNOWN, naming what there is */
export async function namedRelease(
  releases: ReleaseStore,
  model: ModelName,
  version: ReleaseVersion,
): Promise<ReleaseRecord> {
  const release = await releases.byVersion(model, version);
  if (release !== undefined) return release;
  const versions = (await releases.list(model)).map(({ document }) => document.version);
  if (versions.length > 0) {
    throw new NotFoundError(
      "RELEASE_UNKNOWN",
      `expected a version of ${model} (${versions.slice(-8).join(", ")}), got ${version}`,
    );
  }
  throw new NotFoundError(
    "MODEL_UNKNOWN",
    `expected a model with a release, got ${model}: publish one with modelfleet release publish`,
  );
}
