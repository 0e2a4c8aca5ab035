import type { Labels } from "@modelfleet/protocol";

/** Devices that are judged together: all of them, those of one class (`class=cam-v2`), or those with one label (`site=hall-3`). */
export type CohortKey = "fleet" | `${string}=${string}`;

/** All devices that run the release. */
export const fleetCohort = "fleet";

/** No key of a label has a colon, so that this is no other label's cohort. */
const LABEL_NAMED_CLASS = "label:class";

/** Devices with one label; `class=` is theirs of a device class, so a label named `class` is `label:class=`. */
export function labelCohort(key: string, value: string): CohortKey {
  return `${key === "class" ? LABEL_NAMED_CLASS : key}=${value}`;
}

/** The label that every device of the cohort carries; none for the fleet and for a class. */
export function labelsOfCohort(cohort: string): Labels {
  const at = cohort.indexOf("=");
  const key = cohort.slice(0, Math.max(0, at));
  if (key === "" || key === "class") return {};
  return { [key === LABEL_NAMED_CLASS ? "class" : key]: cohort.slice(at + 1) };
}

/** The class whose devices it is; undefined for the fleet and for that of a label. */
export function classOfCohort(cohort: string): string | undefined {
  return cohort.startsWith("class=") ? cohort.slice("class=".length) : undefined;
}

/** Whether a text, say one from a store, names a cohort. */
export function isCohortKey(text: string): text is CohortKey {
  return text === fleetCohort || text.indexOf("=") > 0;
}
