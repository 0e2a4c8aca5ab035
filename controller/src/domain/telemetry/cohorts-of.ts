import type { Labels } from "@modelfleet/protocol";
import { type CohortKey, fleetCohort, labelCohort } from "../drift/cohort-key.ts";

/** Cohorts of a device: the fleet, its class, and one for each of its labels. */
export function cohortsOf(deviceClass: string, labels: Labels): readonly CohortKey[] {
  const byLabel = Object.entries(labels).map(([key, value]) => labelCohort(key, value));
  return [fleetCohort, `class=${deviceClass}`, ...byLabel];
}
