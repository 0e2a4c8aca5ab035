import {
  type DeviceId,
  driftLimits,
  driftPipelineLimits,
  type Maintenance,
} from "@modelfleet/protocol";
import type { CohortUnrest, Unrest } from "../../domain/drift/alerts/suppression-cause.ts";
import { type CohortKey, fleetCohort } from "../../domain/drift/cohort-key.ts";
import { cohortsOf } from "../../domain/telemetry/cohorts-of.ts";
import type { Arrival, CellRollup, CohortMember, DirtyCell } from "../../ports/drift-store.ts";
import type { MaintenanceStore } from "../../ports/maintenance-store.ts";
import type { ProfiledRelease } from "../release/release-profiles.ts";
import type { FoldPorts } from "./fold-cell.ts";
import { type PagedReading, readPages } from "./read-pages.ts";

export interface UnrestPorts extends FoldPorts {
  readonly maintenance: Pick<MaintenanceStore, "overlapping">;
}

export interface UnrestCell {
  readonly cell: DirtyCell;
  readonly release: ProfiledRelease;
  readonly rollups: readonly CellRollup[];
}

/** Two small questions where nothing goes on; else another look at the devices of the cell, a page at a time. */
export async function cellUnrest(
  ports: UnrestPorts,
  { cell, release: { record }, rollups }: UnrestCell,
): Promise<Unrest> {
  const untilMs = cell.startMs + cell.lengthMs;
  // A verdict may rest on all that it was merged with.
  const span = { fromMs: untilMs - driftLimits.mergeMsMax, untilMs };
  const announced = await ports.maintenance.overlapping(record.document.model, span);
  const sinceMs = cell.startMs - driftLimits.warmUpCells * cell.lengthMs;
  const rollouts = await ports.drift.rolloutsOf(record.release, sinceMs);
  const arrived = await countArrived(ports, cell, { rollouts, sinceMs });
  const maintained = await countMaintained(ports, cell, announced);
  const cohorts = rollups.map(({ cohort, devices }): [CohortKey, CohortUnrest] => [
    cohort,
    {
      devices,
      arrived: arrived.get(cohort) ?? 0,
      maintained: maintained.get(cohort) ?? new Map(),
    },
  ]);
  return { announced, rollout: rollouts[0] ?? null, cohorts: new Map(cohorts) };
}

async function countArrived(
  { drift, breathe }: FoldPorts,
  cell: DirtyCell,
  arrival: Arrival,
): Promise<ReadonlyMap<CohortKey, number>> {
  const counts = new Map<CohortKey, number>();
  if (arrival.rollouts.length === 0) return counts;
  const read = (after: string, count: number) => drift.arrivedOf(cell, arrival, { after, count });
  for await (const page of devicePages(breathe, read)) {
    for (const cohort of page.flatMap(cohortsOfMember)) add(counts, cohort);
  }
  return counts;
}

/** Devices of each cohort by the maintenance that they are under, where that was not announced for the whole fleet. */
async function countMaintained(
  { drift, breathe }: FoldPorts,
  cell: DirtyCell,
  announced: readonly Maintenance[],
): Promise<ReadonlyMap<CohortKey, ReadonlyMap<string, number>>> {
  const counts = new Map<CohortKey, Map<string, number>>();
  const partial = announced.filter(({ cohort }) => cohort !== fleetCohort);
  if (partial.length === 0) return counts;
  const read = (after: string, count: number) => drift.devicesOf(cell, after, count);
  for await (const page of devicePages(breathe, read)) {
    for (const cohorts of page.map(cohortsOfMember)) {
      const under = partial.filter(({ cohort }) => cohorts.some((one) => one === cohort));
      addToEach(counts, cohorts, under);
    }
  }
  return counts;
}

function addToEach(
  counts: Map<CohortKey, Map<string, number>>,
  cohorts: readonly CohortKey[],
  under: readonly Maintenance[],
): void {
  if (under.length === 0) return;
  for (const cohort of cohorts) {
    const sums = counts.get(cohort) ?? new Map<string, number>();
    counts.set(cohort, sums);
    for (const { id } of under) add(sums, id);
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function cohortsOfMember({ deviceClass, labels }: CohortMember): readonly CohortKey[] {
  return cohortsOf(deviceClass, labels);
}

function devicePages(
  breathe: FoldPorts["breathe"],
  read: PagedReading<CohortMember, DeviceId | "">["read"],
) {
  return readPages<CohortMember, DeviceId | "">({
    ...{ first: "", read, placeOf: ({ device }) => device, breathe },
    itemsPerPageMax: driftPipelineLimits.devicesPerPageMax,
  });
}
