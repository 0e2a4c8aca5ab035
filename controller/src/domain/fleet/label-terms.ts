import type { Labels } from "@modelfleet/protocol";

/** Labels as people write them, `site=plant-a`, in the order of their keys. */
export function labelTerms(labels: Labels): readonly string[] {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .toSorted();
}
