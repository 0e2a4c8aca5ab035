import { driftPipelineLimits } from "@modelfleet/protocol";
import { type CohortKey, fleetCohort } from "../../domain/drift/cohort-key.ts";
import { cohortsOf } from "../../domain/telemetry/cohorts-of.ts";
import type { DirtyCell, DriftStore } from "../../ports/drift-store.ts";
import { readPages } from "./read-pages.ts";

export type DeviceCounts = ReadonlyMap<CohortKey, number>;

/**
 * How many devices with windows in the cell each cohort has: the largest of them, by number of devices and then by name,
 * so that a label that tells every device apart does not make a cohort of each.
 *
 * @param kept cohorts that the cell has roll-ups of, which stay
 */
export async function countCohorts(
  { drift, breathe }: { readonly drift: DriftStore; readonly breathe: () => Promise<void> },
  cell: DirtyCell,
  kept: readonly CohortKey[],
): Promise<DeviceCounts> {
  const counts = new Map<CohortKey, number>(kept.map((cohort) => [cohort, 0]));
  const { devicesPerPageMax, cohortsCountedMax } = driftPipelineLimits;
  const pages = readPages({
    first: "",
    read: (after, count) => drift.devicesOf(cell, after, count),
    placeOf: ({ device }) => device,
    ...{ itemsPerPageMax: devicesPerPageMax, breathe },
  });
  for await (const page of pages) {
    for (const cohort of page.flatMap((member) => cohortsOf(member.deviceClass, member.labels))) {
      const count = counts.get(cohort);
      if (count === undefined && counts.size >= cohortsCountedMax) continue;
      counts.set(cohort, (count ?? 0) + 1);
    }
  }
  return largest(counts, new Set([fleetCohort, ...kept]));
}

function largest(counts: DeviceCounts, kept: ReadonlySet<CohortKey>): DeviceCounts {
  const room = Math.max(0, driftPipelineLimits.cohortsMax - kept.size);
  const others = [...counts].filter(([cohort]) => !kept.has(cohort));
  others.sort(([a, ofA], [b, ofB]) => ofB - ofA || (a < b ? -1 : 1));
  return new Map([...[...counts].filter(([cohort]) => kept.has(cohort)), ...others.slice(0, room)]);
}
