import type { ReferenceProfile } from "@modelfleet/protocol";
import {
  advanceAlerts,
  alertKey,
} from "../../../controller/src/domain/drift/alerts/advance-alerts.ts";
import type {
  AlertKind,
  AlertState,
  AlertTransition,
} from "../../../controller/src/domain/drift/alerts/alert-state.ts";
import type { CohortCell } from "../../../controller/src/domain/drift/cohort-cell.ts";
import { type CohortKey, fleetCohort } from "../../../controller/src/domain/drift/cohort-key.ts";
import { evaluateCell } from "../../../controller/src/domain/drift/evaluate-cell.ts";
import {
  type EvaluationPolicy,
  evaluationDefaults,
} from "../../../controller/src/domain/drift/evaluation-policy.ts";
import type { SignalId } from "../../../controller/src/domain/drift/signal.ts";
import type { DistributionVerdict, Verdict } from "../../../controller/src/domain/drift/verdict.ts";

const DAY_MS = 86_400_000;

/** What one cell brought. */
export interface Judged {
  readonly verdicts: readonly DistributionVerdict[];
  /** Those, and all others. */
  readonly all: readonly Verdict[];
  readonly transitions: readonly AlertTransition[];
}

/** One release under watch: cell after cell, with what the evaluation looks back on, as the controller does it. */
export class DriftWatch {
  readonly #profile: ReferenceProfile;
  readonly #policy: EvaluationPolicy = evaluationDefaults;
  readonly #lookBackMs: number;
  readonly #cells = new Map<CohortKey, readonly CohortCell[]>();
  readonly #states = new Map<string, AlertState>();
  /** Alerts that people were told of. */
  told = 0;

  /** @param lookBackMs fewer than a day where nothing is merged, for speed */
  constructor(profile: ReferenceProfile, lookBackMs = DAY_MS) {
    this.#profile = profile;
    this.#lookBackMs = lookBackMs;
  }

  judge(cohorts: ReadonlyMap<CohortKey, CohortCell>): Judged {
    let cellStartMs = 0;
    for (const [cohort, cell] of cohorts) {
      const oldestMs = cell.startMs + this.#policy.cellMs - this.#lookBackMs;
      const before = (this.#cells.get(cohort) ?? []).filter(({ startMs }) => startMs >= oldestMs);
      this.#cells.set(cohort, [cell, ...before]);
      cellStartMs = cell.startMs;
    }
    const [profile, policy] = [this.#profile, this.#policy];
    const all = evaluateCell({ profile, policy, cohorts: this.#cells, cellStartMs });
    const { next, transitions } = advanceAlerts({
      ...{ release: "r", verdicts: all, states: this.#states, isHistorical: false },
      suppressionOf: () => null,
    });
    for (const [key, state] of next) this.#states.set(key, state);
    this.told += transitions.filter(({ notice }) => notice === "fired").length;
    const verdicts = all.filter((verdict) => verdict.kind === "distribution");
    return { verdicts, all, transitions };
  }

  judgeFleet(cell: CohortCell): DistributionVerdict {
    const [verdict] = this.judge(new Map([[fleetCohort, cell]])).verdicts;
    if (verdict === undefined) throw new RangeError("expected a profile with a signal");
    return verdict;
  }

  kindOf(cohort: CohortKey, signal: SignalId): AlertKind | undefined {
    return this.#states.get(alertKey(cohort, signal))?.kind;
  }
}
