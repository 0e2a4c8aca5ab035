import {
  type CohortDrift,
  type Digest8,
  type DriftAnswer,
  type DriftQuery,
  digest8,
  driftLimits,
  driftPipelineLimits,
  type ModelName,
  type ReferenceProfile,
  type ReleaseDrift,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { rankCulprits } from "../../domain/drift/attribution/rank-culprits.ts";
import { type CohortKey, isCohortKey } from "../../domain/drift/cohort-key.ts";
import { estimateAccuracy } from "../../domain/drift/estimate-accuracy.ts";
import { signalsOf } from "../../domain/drift/signals-of.ts";
import { NotFoundError } from "../../domain/errors.ts";
import { named } from "../../domain/named.ts";
import type { CellRollup, DriftStore } from "../../ports/drift-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
import { requireSeenModel } from "../release/seen-model.ts";
import { isHidden } from "./is-hidden.ts";
import { maySeeCohort } from "./may-see-cohort.ts";
import { verdictView } from "./verdict-view.ts";

export interface ShowDriftPorts {
  readonly drift: DriftStore;
  readonly profiles: ReleaseProfiles;
  readonly releases: ReleaseStore;
}

/** The newest verdict on each signal of each cohort the caller may see, for every release of a model with telemetry. */
export class ShowDrift {
  readonly #ports: ShowDriftPorts;

  constructor(ports: ShowDriftPorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError MODEL_UNKNOWN | RELEASE_UNKNOWN | COHORT_UNKNOWN, also for what the caller may not see */
  async run(model: ModelName, query: DriftQuery, caller: Principal): Promise<DriftAnswer> {
    await requireSeenModel(this.#ports.releases, { model, version: query.version }, caller);
    const releases: ReleaseDrift[] = [];
    const others: SeenCohorts[] = [];
    for (const prefix of await this.#ports.drift.releasePrefixes()) {
      const release = await this.#ports.profiles.find(prefix);
      if (release === undefined || !isAsked(release, model, query)) continue;
      const sinceMs = query.sinceMs ?? (await this.#recentMs(prefix));
      const rollups = await this.#ports.drift.newest(prefix, sinceMs);
      const seen = rollups.filter(({ cohort }) => maySeeCohort(caller, model, cohort));
      releases.push(releaseDrift(release, { seen, only: query.cohort }));
      others.push({ prefix, cohorts: seen.map(({ cohort }) => cohort) });
    }
    const { cohort } = query;
    const isFound = cohort === undefined || releases.some(({ cohorts }) => cohorts.length > 0);
    if (!isFound) await this.#requireCohort(cohort, others, { model, caller });
    if (releases.length === 0) releases.push(...(await this.#unjudged(model, query)));
    releases.sort((left, right) =>
      left.version.localeCompare(right.version, "en", { numeric: true }),
    );
    return { model, releases };
  }

  /** The newest one, or that which is asked for, if it will never be judged: nobody should wait for its first window. */
  async #unjudged(model: ModelName, { version }: DriftQuery): Promise<readonly ReleaseDrift[]> {
    const records = await this.#ports.releases.list(model);
    const newest = records.findLast(
      ({ document }) => version === undefined || document.version === version,
    );
    const release = newest && (await this.#ports.profiles.find(digest8(newest.release)));
    if (release === undefined || !isUnjudged(release)) return [];
    return [releaseDrift(release, { seen: [], only: undefined })];
  }

  /** A cohort that has been silent for so long has no alert any more, either. */
  async #recentMs(prefix: Digest8): Promise<number> {
    const judgedMs = (await this.#ports.drift.release(prefix))?.judgedMs ?? 0;
    return Math.max(0, judgedMs - driftLimits.silentMsMax);
  }

  /** One that was judged, only not lately, is no unknown one; and where nothing was judged lately none is known. */
  async #requireCohort(
    cohort: string,
    releases: readonly SeenCohorts[],
    { model, caller }: { readonly model: ModelName; readonly caller: Principal },
  ): Promise<void> {
    const known = releases.flatMap(({ cohorts }) => cohorts).sort(order);
    if (known.length === 0) return;
    const isSeen = isCohortKey(cohort) && maySeeCohort(caller, model, cohort);
    if (isSeen && (await this.#hasRollups(cohort, releases))) return;
    throw new NotFoundError(
      "COHORT_UNKNOWN",
      `expected a cohort of ${model}${named(known)}, got ${cohort}`,
    );
  }

  async #hasRollups(cohort: CohortKey, releases: readonly SeenCohorts[]): Promise<boolean> {
    const always = { cohort, fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER, count: 1 };
    for (const { prefix } of releases) {
      const [past] = await this.#ports.drift.rollupsOf({ releasePrefix: prefix, ...always });
      if (past !== undefined) return true;
    }
    return false;
  }
}

interface SeenCohorts {
  readonly prefix: Digest8;
  readonly cohorts: readonly CohortKey[];
}

function isAsked(
  { record: { document } }: ProfiledRelease,
  model: ModelName,
  { version }: DriftQuery,
): boolean {
  return document.model === model && (version === undefined || version === document.version);
}

function isUnjudged({ profile }: ProfiledRelease): boolean {
  return profile === null || profile.reference.learning === true;
}

interface SeenRollups {
  readonly seen: readonly CellRollup[];
  readonly only: string | undefined;
}

function releaseDrift(
  { record, profile }: ProfiledRelease,
  { seen, only }: SeenRollups,
): ReleaseDrift {
  const asked = seen.filter(({ cohort }) => only === undefined || cohort === only);
  const verdicts = asked.flatMap((rollup) =>
    isHidden(record.document, rollup) ? [] : rollup.verdicts,
  );
  const cohorts = asked.map((rollup) => cohortDrift(rollup, { record, profile }));
  return {
    release: record.release,
    version: record.document.version,
    hasProfile: profile !== null,
    isLearning: profile?.reference.learning === true,
    isProvisional: profile?.reference.provisional === true,
    latencyMsMax: record.document.drift?.latencyMsMax ?? null,
    cohorts: cohorts.sort((left, right) => order(left.cohort, right.cohort)),
    culprits: [...rankCulprits(verdicts, driftPipelineLimits.culpritsMax)],
  };
}

function cohortDrift(rollup: CellRollup, { record, profile }: ProfiledRelease): CohortDrift {
  const { cohort, devices, startMs, verdicts } = rollup;
  const hidden = isHidden(record.document, rollup);
  const signals = profile === null ? [] : signalsOf(profile.reference);
  return {
    ...{ cohort, devices, cellStartMs: startMs, hidden },
    verdicts: hidden ? [] : verdicts.map((verdict) => verdictView(verdict, signals)),
    estimates: hidden || profile === null ? [] : estimatesOf(profile.reference, rollup),
  };
}

/** By confidence alone. */
function estimatesOf(
  { outputs }: ReferenceProfile,
  { merged }: CellRollup,
): CohortDrift["estimates"] {
  return outputs.flatMap((output, index) => {
    const estimate = estimateAccuracy(output, merged.outputs[index]?.confidenceCounts ?? []);
    return estimate === null ? [] : { output: output.name, ...estimate };
  });
}

/** The fleet first, then by name. */
function order(left: string, right: string): number {
  if (left === right) return 0;
  if (left === "fleet" || right === "fleet") return left === "fleet" ? -1 : 1;
  return left < right ? -1 : 1;
}
