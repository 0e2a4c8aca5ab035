/** Devices that are judged together: all of them, those of one class (`class=cam-v2`), or those with one label (`site=hall-3`). */
export type CohortKey = "fleet" | `${string}=${string}`;

/** All devices that run the release. */
export const fleetCohort = "fleet";

/** Whether a text, say one from a store, names a cohort. */
export function isCohortKey(text: string): text is CohortKey {
  return text === fleetCohort || text.indexOf("=") > 0;
}
