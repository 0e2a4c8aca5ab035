import {
  driftLimits,
  type Maintenance,
  maintenanceLimits,
  type SuppressionCause,
} from "@modelfleet/protocol";
import { type CohortKey, fleetCohort } from "../cohort-key.ts";
import type { Verdict } from "../verdict.ts";

/** What goes on among the devices of a release while a cell is measured. */
export interface Unrest {
  /** Of its model, around the time of the cell. */
  readonly announced: readonly Maintenance[];
  /** The newest that brings devices the release; null: none does. */
  readonly rollout: string | null;
  readonly cohorts: ReadonlyMap<CohortKey, CohortUnrest>;
}

/** Devices of one cohort with windows in the cell. */
export interface CohortUnrest {
  readonly devices: number;
  /** Those that a rollout brought the release less than `driftLimits.warmUpCells` ago. */
  readonly arrived: number;
  /** Those that a maintenance of another cohort was announced for, by its id. */
  readonly maintained: ReadonlyMap<string, number>;
}

/**
 * Why nobody is told of an excess, as far as people have announced it or a rollout explains it. Verdicts themselves are
 * not touched: what is decided by them (a rollout's gates) sees them as they are.
 *
 * 1. A maintenance silences every signal of its cohort, and of each cohort that has at least
 *    `maintenanceLimits.deviceShareMin` of its devices in it, in verdicts that rest on any of its time.
 * 2. A cohort warms up while at least `driftLimits.warmUpDeviceShareMin` of its devices are new to the release: caches are
 *    cold and who is counted changes from cell to cell. That silences distributions and latency alone. Values that cannot
 *    be believed, errors and wrong answers are no matter of warmth, and a pipeline that breaks with a release shows in
 *    them right then.
 */
export function suppressionCause(verdict: Verdict, unrest: Unrest): SuppressionCause | null {
  return byMaintenance(verdict, unrest) ?? byRollout(verdict, unrest);
}

function byMaintenance(verdict: Verdict, { announced, cohorts }: Unrest): SuppressionCause | null {
  const ofDevices = cohorts.get(verdict.cohort)?.devices ?? 0;
  for (const maintenance of announced) {
    const { id, cohort, reason, createdBy } = maintenance;
    const untilMs = endOf(maintenance);
    // One that was called off before it began has no time at all.
    const fromMs = Math.max(maintenance.fromMs, verdict.fromMs);
    if (fromMs >= Math.min(untilMs, verdict.untilMs)) continue;
    const isWhole = cohort === fleetCohort || cohort === verdict.cohort;
    const devices = isWhole ? ofDevices : (cohorts.get(verdict.cohort)?.maintained.get(id) ?? 0);
    if (!isWhole && !isShare(devices, ofDevices, maintenanceLimits.deviceShareMin)) continue;
    return {
      ...{ kind: "maintenance", maintenance: id, announcedFor: cohort },
      ...{ reason, by: createdBy, untilMs, devices, ofDevices },
    };
  }
  return null;
}

/** Also where somebody has ended it before its time. */
function endOf({ untilMs, endedAtMs }: Maintenance): number {
  return Math.min(untilMs, endedAtMs ?? untilMs);
}

function byRollout(verdict: Verdict, { rollout, cohorts }: Unrest): SuppressionCause | null {
  const cohort = cohorts.get(verdict.cohort);
  if (rollout === null || cohort === undefined || !isWarmthMatter(verdict)) return null;
  const { arrived, devices } = cohort;
  if (!isShare(arrived, devices, driftLimits.warmUpDeviceShareMin)) return null;
  return { kind: "rollout", rollout, devices: arrived, ofDevices: devices };
}

function isWarmthMatter({ kind, signal }: Verdict): boolean {
  return kind === "distribution" || signal === "latency";
}

function isShare(devices: number, ofDevices: number, shareMin: number): boolean {
  return devices > 0 && devices >= shareMin * ofDevices;
}
