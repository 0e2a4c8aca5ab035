import { psi } from "@modelfleet/protocol";
import { type CohortKey, fleetCohort } from "../cohort-key.ts";
import type { DistributionId } from "../signal.ts";
import type { DistributionVerdict, Verdict } from "../verdict.ts";

/** A signal of a cohort that is unlike its reference. */
export interface Culprit {
  readonly cohort: CohortKey;
  readonly signal: DistributionId;
  readonly psi: number;
  /** Share of the fleet's PSI that goes away without the cohort, 0 … 1; null where the fleet has none to speak of. */
  readonly shareOfFleet: number | null;
}

/**
 * Which cohorts and signals a cell's drift comes from, the largest PSI first; only what is more than noise. The share of
 * the fleet's drift stands beside it, as it names the wrong one more often: a small cohort barely moves the fleet.
 *
 * @param verdicts of one cell
 */
export function rankCulprits(verdicts: readonly Verdict[], countMax: number): readonly Culprit[] {
  const distributions = verdicts.filter((verdict) => verdict.kind === "distribution");
  const fleet = new Map(
    distributions
      .filter(({ cohort }) => cohort === fleetCohort)
      .map((verdict) => [verdict.signal, verdict]),
  );
  return distributions
    .filter(({ cohort, psi: index, gate }) => cohort !== fleetCohort && gate > 0 && index >= gate)
    .toSorted((left, right) => right.psi - left.psi)
    .slice(0, countMax)
    .map((verdict) => ({
      cohort: verdict.cohort,
      signal: verdict.signal,
      psi: verdict.psi,
      shareOfFleet: shareOfFleet(verdict, fleet.get(verdict.signal)),
    }));
}

/** What leaving the cohort out takes from the fleet's PSI; of the same cells only. */
function shareOfFleet(
  cohort: DistributionVerdict,
  fleet: DistributionVerdict | undefined,
): number | null {
  if (fleet === undefined || fleet.psi < fleet.gate || fleet.gate === 0) return null;
  if (fleet.fromMs !== cohort.fromMs || fleet.slot?.hour !== cohort.slot?.hour) return null;
  const others = fleet.current.map((count, bin) => Math.max(0, count - (cohort.current[bin] ?? 0)));
  return Math.min(1, Math.max(0, 1 - psi(fleet.reference, others) / fleet.psi));
}
