import type { ModelName, ReleaseVersion } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import { named } from "../../domain/named.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";

export interface AskedModel {
  readonly model?: ModelName | undefined;
  readonly version?: ReleaseVersion | undefined;
}

/**
 * Whether there is a release of what a question about telemetry names; an empty answer would look like one without news.
 *
 * @throws NotFoundError MODEL_UNKNOWN | RELEASE_UNKNOWN, also for what the caller may not see; names what there is
 */
export async function requireSeenModel(
  releases: ReleaseStore,
  { model, version }: AskedModel,
  caller: Principal,
): Promise<void> {
  if (model === undefined && version === undefined) return;
  const seen = await seenDocuments(releases, caller, model);
  if (seen.length === 0 && model !== undefined) {
    const others = await seenDocuments(releases, caller);
    throw new NotFoundError(
      "MODEL_UNKNOWN",
      `expected a model with a release${named(others.map((other) => other.model))}, got ${model}: see modelfleet release list`,
    );
  }
  if (version === undefined || seen.some((document) => document.version === version)) return;
  throw new NotFoundError(
    "RELEASE_UNKNOWN",
    `expected a version of ${model ?? "any model"}${named(seen.map((document) => document.version).reverse())}, got ${version}: see modelfleet release list`,
  );
}

async function seenDocuments(releases: ReleaseStore, caller: Principal, model?: ModelName) {
  const records = await releases.list(model);
  return records
    .map(({ document }) => document)
    .filter((document) => permits(caller, { action: "telemetry.read", model: document.model }));
}
