import {
  type Digest8,
  digest8,
  driftPipelineLimits,
  type LearnedProfileAnswer,
  type LearnedProfileQuery,
  learningLimits,
  type ModelName,
  type ReferenceProfile,
  type ReleaseVersion,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { type CohortKey, fleetCohort, isCohortKey } from "../../domain/drift/cohort-key.ts";
import { LearningError, NotFoundError } from "../../domain/errors.ts";
import { named } from "../../domain/named.ts";
import { learnProfile } from "../../domain/profile/learning/learn-profile.ts";
import { type LabelCounts, mergeLabels } from "../../domain/telemetry/label-counts.ts";
import { mergeTelemetry } from "../../domain/telemetry/merge-windows.ts";
import type { CellRollup } from "../../ports/drift-store.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { isHidden } from "../drift/is-hidden.ts";
import { maySeeCohort } from "../drift/may-see-cohort.ts";
import { namedRelease } from "../release/known-release.ts";
import type { ReleaseProfiles } from "../release/release-profiles.ts";
import { requireSeenModel } from "../release/seen-model.ts";
import { type MeasuredPorts, measuredWindows } from "./measured-windows.ts";

export interface LearnProfilePorts extends MeasuredPorts {
  readonly fleet: Pick<FleetStore, "hasCohort" | "someCohorts">;
  readonly profiles: ReleaseProfiles;
  readonly releases: ReleaseStore;
}

export interface LearningRelease {
  readonly model: ModelName;
  readonly version: ReleaseVersion;
}

/** A cohort of one release. */
interface Asked {
  readonly record: ReleaseRecord;
  readonly cohort: CohortKey;
}

const always = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };

/**
 * A reference profile out of the first windows of a cohort (telemetry.md 2.1). Only windows that were added up count, so that
 * the same question has the same answer unless late windows came. Nothing is stored: what was learnt becomes a reference
 * when somebody publishes a release with it, and it is provisional.
 */
export class LearnProfile {
  readonly #ports: LearnProfilePorts;

  constructor(ports: LearnProfilePorts) {
    this.#ports = ports;
  }

  /**
   * @throws NotFoundError MODEL_UNKNOWN | RELEASE_UNKNOWN | COHORT_UNKNOWN, also for what the caller may not see
   * @throws LearningError naming what there is and what it takes
   */
  async run(
    { model, version }: LearningRelease,
    query: LearnedProfileQuery,
    caller: Principal,
  ): Promise<LearnedProfileAnswer> {
    await requireSeenModel(this.#ports.releases, { model, version }, caller);
    const record = await namedRelease(this.#ports.releases, model, version);
    const learning = await this.#learningProfile(record);
    const cohort = await this.#seenCohort(record, query.cohort, caller);
    const asked = { record, cohort };
    const rollups = await this.#firstRollups(asked, query.windows);
    refuseFew(asked, rollups, query.items);
    const releasePrefix = digest8(record.release);
    const measured = await measuredWindows(this.#ports, { releasePrefix, cohort, rollups });
    const labels = await this.#labelsSince(asked, measured.origin.fromMs);
    const learnt = learnProfile(learning, { ...measured, labels });
    if (learnt === null) throw nothingLearnt(asked);
    const { profile, leftOut } = learnt;
    return { model, version, release: record.release, profile, leftOut: [...leftOut] };
  }

  async #learningProfile(record: ReleaseRecord): Promise<ReferenceProfile> {
    const found = await this.#ports.profiles.find(digest8(record.release));
    const reference = found?.profile?.reference;
    if (reference?.learning !== true) {
      const has = reference === undefined ? "without a profile" : "with a reference";
      throw new LearningError(
        "LEARNING_PROFILE",
        `expected a release with a learning profile, got ${nameOf(record)} ${has}: make one with modelfleet profile start`,
      );
    }
    if (record.document.drift?.epsilon === undefined) return reference;
    throw new LearningError(
      "LEARNING_PRIVACY",
      `expected counts without noise, got ${nameOf(record)} with drift.epsilon: learn with a release without it`,
    );
  }

  /** One that has no windows yet is no unknown one, as long as it has devices and no other has any windows. */
  async #seenCohort(
    { document: { model }, release }: ReleaseRecord,
    cohort: string,
    caller: Principal,
  ): Promise<CohortKey> {
    const releasePrefix = digest8(release);
    const isSeen = isCohortKey(cohort) && maySeeCohort(caller, model, cohort);
    const measured = await this.#cohorts(releasePrefix);
    if (isSeen && measured.includes(cohort)) return cohort;
    const isEmpty = measured.length === 0;
    if (isSeen && isEmpty && (await this.#hasDevices(cohort))) return cohort;
    const one = { ...always, releasePrefix, count: 1 };
    if (isSeen && (await this.#ports.drift.rollupsOf({ ...one, cohort })).length > 0) return cohort;
    const { cohortsMax } = driftPipelineLimits;
    const known = isEmpty ? await this.#ports.fleet.someCohorts(cohortsMax) : measured;
    const seen = known.filter((each) => maySeeCohort(caller, model, each));
    throw new NotFoundError(
      "COHORT_UNKNOWN",
      `expected a cohort with ${isEmpty ? "devices" : `windows of ${model}`}${named(seen)}, got ${cohort}`,
    );
  }

  /** Of a misspelt one there will never be windows to wait for. */
  async #hasDevices(cohort: CohortKey): Promise<boolean> {
    return cohort === fleetCohort || (await this.#ports.fleet.hasCohort(cohort));
  }

  /** Those of the newest cell. */
  async #cohorts(releasePrefix: Digest8): Promise<readonly CohortKey[]> {
    const { drift } = this.#ports;
    const newest = { ...always, releasePrefix, cohort: fleetCohort, count: 1 } as const;
    const [fleet] = await drift.rollupsOf(newest);
    if (fleet === undefined) return [];
    const rollups = await drift.rollups({ releasePrefix, startMs: fleet.startMs });
    return rollups.map(({ cohort }) => cohort);
  }

  /** Of the cohort, oldest first. */
  async #firstRollups({ record, cohort }: Asked, windows: number): Promise<readonly CellRollup[]> {
    const found = await this.#ports.drift.rollupsOf({
      ...{ ...always, releasePrefix: digest8(record.release), cohort },
      ...{ first: "oldest", count: learningLimits.cellsReadMax },
    });
    const counted = found.filter(({ merged }) => merged.items > 0);
    if (counted.length >= windows) return counted.slice(0, windows);
    throw new LearningError(
      "LEARNING_WINDOWS",
      `expected ${windows} windows of ${cohort} with answers of ${nameOf(record)}, got ${counted.length} so far: one counts when it has ended and two more have passed; wait, or ask for fewer (--windows)`,
    );
  }

  /** Labels are always late, so those that came after the windows count too. */
  async #labelsSince({ record, cohort }: Asked, fromMs: number): Promise<readonly LabelCounts[]> {
    const rollups = await this.#ports.drift.rollupsOf({
      ...{ ...always, fromMs, releasePrefix: digest8(record.release), cohort },
      count: learningLimits.cellsReadMax,
    });
    return mergeLabels(rollups.flatMap(({ labels }) => labels));
  }
}

/** @throws LearningError where there is too little, or too little to be shown */
function refuseFew({ record, cohort }: Asked, rollups: readonly CellRollup[], items: number): void {
  const merged = mergeTelemetry(rollups.map((rollup) => rollup.merged));
  if (merged.items < items) {
    throw new LearningError(
      "LEARNING_ITEMS",
      `expected ${items} items in ${rollups.length} windows of ${cohort}, got ${merged.items}: ask for more windows (--windows), or for fewer items (--items, ${learningLimits.itemsMin} at least)`,
    );
  }
  const devices = Math.max(...rollups.map((rollup) => rollup.devices));
  if (!isHidden(record.document, { devices, merged })) return;
  throw new LearningError(
    "LEARNING_PRIVACY",
    `expected a cohort large enough to be shown under strict privacy, got ${devices} devices and ${merged.items} items in ${cohort}`,
  );
}

function nothingLearnt({ record, cohort }: Asked): LearningError {
  return new LearningError(
    "LEARNING_NOTHING",
    `expected numbers, words or answers in the windows of ${cohort}, got none that the profile of ${nameOf(record)} asks for: under strict privacy numbers cannot be learnt`,
  );
}

function nameOf({ document: { model, version } }: ReleaseRecord): string {
  return `${model}@${version}`;
}
