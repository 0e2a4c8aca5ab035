import type { Labels } from "@modelfleet/protocol";
import { type CohortKey, fleetCohort } from "../drift/cohort-key.ts";

/** Cohorts of a device: the fleet, its class, and one for each of its labels. A label named `class` makes none. */
export function cohortsOf(deviceClass: string, labels: Labels): readonly CohortKey[] {
  const byLabel = Object.entries(labels)
    .filter(([key]) => key !== "class")
    .map(([key, value]): CohortKey => `${key}=${value}`);
  return [fleetCohort, `class=${deviceClass}`, ...byLabel];
}
