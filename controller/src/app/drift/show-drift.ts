import {
  type CohortDrift,
  type Digest8,
  type DriftAnswer,
  type DriftQuery,
  driftLimits,
  driftPipelineLimits,
  type ModelName,
  type ReferenceProfile,
  type ReleaseDrift,
} from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { rankCulprits } from "../../domain/drift/attribution/rank-culprits.ts";
import { estimateAccuracy } from "../../domain/drift/estimate-accuracy.ts";
import { signalsOf } from "../../domain/drift/signals-of.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { CellRollup, DriftStore } from "../../ports/drift-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
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

  /** @throws NotFoundError MODEL_UNKNOWN, also for one the caller may not see */
  async run(model: ModelName, query: DriftQuery, caller: Principal): Promise<DriftAnswer> {
    await this.#requireModel(model, caller);
    const releases: ReleaseDrift[] = [];
    for (const prefix of await this.#ports.drift.releasePrefixes()) {
      const release = await this.#ports.profiles.find(prefix);
      if (release === undefined || !isAsked(release, model, query)) continue;
      const sinceMs = query.sinceMs ?? (await this.#recentMs(prefix));
      const rollups = await this.#ports.drift.newest(prefix, sinceMs);
      const seen = rollups.filter(({ cohort }) => maySeeCohort(caller, model, cohort));
      releases.push(releaseDrift(release, { seen, only: query.cohort }));
    }
    releases.sort((left, right) =>
      left.version.localeCompare(right.version, "en", { numeric: true }),
    );
    return { model, releases };
  }

  /** A cohort that has been silent for so long has no alert any more, either. */
  async #recentMs(prefix: Digest8): Promise<number> {
    const judgedMs = (await this.#ports.drift.release(prefix))?.judgedMs ?? 0;
    return Math.max(0, judgedMs - driftLimits.silentMsMax);
  }

  async #requireModel(model: ModelName, caller: Principal): Promise<void> {
    const mayRead = permits(caller, { action: "telemetry.read", model });
    if (mayRead && (await this.#ports.releases.list(model)).length > 0) return;
    throw new NotFoundError(
      "MODEL_UNKNOWN",
      `expected a model with a release, got ${model}: see modelfleet release list`,
    );
  }
}

function isAsked(
  { record: { document } }: ProfiledRelease,
  model: ModelName,
  { version }: DriftQuery,
): boolean {
  return document.model === model && (version === undefined || version === document.version);
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
    isProvisional: profile?.reference.provisional === true,
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
