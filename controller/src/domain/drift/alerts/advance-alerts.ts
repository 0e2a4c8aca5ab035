import { type CohortKey, fleetCohort } from "../cohort-key.ts";
import type { SignalId } from "../signal.ts";
import type { Verdict } from "../verdict.ts";
import { advanceAlert, unheardAlert } from "./advance-alert.ts";
import type { AlertState, AlertTransition, Suppression } from "./alert-state.ts";

/** All that one cell says about one release. */
export interface AlertsToAdvance {
  readonly release: string;
  readonly verdicts: readonly Verdict[];
  /** By `alertKey`; a signal without one has not been heard of. */
  readonly states: ReadonlyMap<string, AlertState>;
  /** Why nobody is told of what a verdict says, apart from other alerts. */
  readonly suppressionOf: (verdict: Verdict) => Suppression | null;
  readonly isHistorical: boolean;
}

/** States that changed, and what is to be recorded and told. */
export interface AdvancedAlerts {
  readonly next: ReadonlyMap<string, AlertState>;
  readonly transitions: readonly AlertTransition[];
}

/** Names one signal of one cohort of a release: the JSON of both. */
export function alertKey(cohort: CohortKey, signal: SignalId): string {
  return JSON.stringify([cohort, signal]);
}

/**
 * Advances the alerts of a cell, parents before children: the fleet's alert speaks for those of its cohorts on the same
 * signal, and values that cannot be believed for the drift of their feature and of the outputs made from them. One that
 * nobody was told of speaks for no other.
 */
export function advanceAlerts(cell: AlertsToAdvance): AdvancedAlerts {
  const next = new Map<string, AlertState>();
  const transitions: AlertTransition[] = [];
  const stateOf = (cohort: CohortKey, signal: SignalId) => {
    const key = alertKey(cohort, signal);
    return next.get(key) ?? cell.states.get(key) ?? unheardAlert;
  };
  const faultyCohorts = new Set<CohortKey>();
  for (const verdict of parentsFirst(cell.verdicts)) {
    const { cohort, signal } = verdict;
    const state = stateOf(cohort, signal);
    const advanced = advanceAlert(state, verdict, {
      subject: { release: cell.release, cohort, signal },
      suppression: concernsPeople(state, verdict)
        ? (cell.suppressionOf(verdict) ??
          byFleet(cohort, stateOf(fleetCohort, signal)) ??
          byQuality(verdict, { stateOf, faultyCohorts }))
        : null,
      isHistorical: cell.isHistorical,
    });
    if (advanced.next !== state) next.set(alertKey(cohort, signal), advanced.next);
    if (verdict.kind === "quality" && speaks(advanced.next)) faultyCohorts.add(cohort);
    transitions.push(...advanced.transitions);
  }
  return { next, transitions };
}

/** Nearly no verdict does: only an excess opens an alert. */
function concernsPeople(state: AlertState, { status }: Verdict): boolean {
  return "episode" in state || status === "WARN" || status === "BREACH";
}

/** Quality before drift, the fleet before its cohorts; else as they come. */
function parentsFirst(verdicts: readonly Verdict[]): readonly Verdict[] {
  const rank = ({ kind, cohort }: Verdict) =>
    (kind === "quality" ? 0 : 2) + (cohort === fleetCohort ? 0 : 1);
  return verdicts.toSorted((left, right) => rank(left) - rank(right));
}

function byFleet(cohort: CohortKey, fleet: AlertState): Suppression | null {
  return cohort !== fleetCohort && speaks(fleet) ? "parent" : null;
}

/** For others: people know of it. */
function speaks(state: AlertState): boolean {
  return "episode" in state && state.kind !== "SUPPRESSED" && state.episode.told !== null;
}

interface Known {
  readonly stateOf: (cohort: CohortKey, signal: SignalId) => AlertState;
  /** Those with a feature that cannot be believed, as people know. */
  readonly faultyCohorts: ReadonlySet<CohortKey>;
}

function byQuality(verdict: Verdict, { stateOf, faultyCohorts }: Known): Suppression | null {
  if (verdict.kind !== "distribution") return null;
  const { signal, cohort } = verdict;
  const blamable: readonly CohortKey[] = [cohort, fleetCohort];
  const isBlamed = blamable.some((blamed) =>
    signal.startsWith("output:")
      ? faultyCohorts.has(blamed)
      : speaks(stateOf(blamed, `quality:${featureOf(signal)}`)),
  );
  return isBlamed ? "quality" : null;
}

function featureOf(signal: SignalId): string {
  return signal.slice(signal.indexOf(":") + 1);
}
