import { decodeWindow, driftPipelineLimits, type TelemetryWindow } from "@modelfleet/protocol";
import type { CohortKey } from "../../domain/drift/cohort-key.ts";
import { cohortsOf } from "../../domain/telemetry/cohorts-of.ts";
import { type LabelCounts, mergeLabels } from "../../domain/telemetry/label-counts.ts";
import { mergeTelemetry, mergeWindows } from "../../domain/telemetry/merge-windows.ts";
import type { MergedTelemetry } from "../../domain/telemetry/merged-telemetry.ts";
import type { CellRollup, CellWindow, DirtyCell, DriftStore } from "../../ports/drift-store.ts";
import { countCohorts } from "./count-cohorts.ts";
import { readPages } from "./read-pages.ts";

export interface FoldPorts {
  readonly drift: DriftStore;
  readonly breathe: () => Promise<void>;
}

/**
 * Adds what has come to the roll-ups of a cell, a page of windows at a time: what is held is one page and one sum a
 * cohort, however many devices there are. Nothing is stored here; doing it again gives the same.
 *
 * @returns every roll-up of the cell, by cohort; not judged
 */
export async function foldCell(ports: FoldPorts, cell: DirtyCell): Promise<readonly CellRollup[]> {
  const before = await ports.drift.rollups(cell);
  const counts = await countCohorts(
    ports,
    cell,
    before.map(({ cohort }) => cohort),
  );
  const isKept = (cohort: CohortKey) => counts.has(cohort);
  const sums = new Map(before.map(({ cohort, merged }) => [cohort, merged]));
  await addWindows(ports, cell, { sums, isKept });
  const labels = new Map(before.map((rollup) => [rollup.cohort, rollup.labels]));
  await addLabels(ports, cell, { labels, isKept });
  const devicesBefore = new Map(before.map(({ cohort, devices }) => [cohort, devices]));
  return Array.from(new Set([...sums.keys(), ...labels.keys()]), (cohort) => ({
    ...{ cohort, startMs: cell.startMs, lengthMs: cell.lengthMs, verdicts: [] },
    devices: Math.max(counts.get(cohort) ?? 0, devicesBefore.get(cohort) ?? 0),
    merged: sums.get(cohort) ?? mergeWindows([]),
    labels: labels.get(cohort) ?? [],
  }));
}

interface CohortSums {
  readonly sums: Map<CohortKey, MergedTelemetry>;
  readonly isKept: (cohort: CohortKey) => boolean;
}

async function addWindows(
  { drift, breathe }: FoldPorts,
  cell: DirtyCell,
  into: CohortSums,
): Promise<void> {
  const pages = readPages({
    first: cell.folded,
    read: (mark, count) => drift.newWindows(cell, mark, count),
    placeOf: ({ mark }) => mark,
    ...{ itemsPerPageMax: driftPipelineLimits.windowsPerPageMax, breathe },
  });
  for await (const page of pages) addPage(page, into);
}

interface CohortLabels {
  readonly labels: Map<CohortKey, readonly LabelCounts[]>;
  readonly isKept: (cohort: CohortKey) => boolean;
}

async function addLabels(
  { drift, breathe }: FoldPorts,
  cell: DirtyCell,
  { labels, isKept }: CohortLabels,
): Promise<void> {
  const pages = readPages({
    first: cell.folded,
    read: (mark, count) => drift.newLabels(cell, mark, count),
    placeOf: ({ mark }) => mark,
    ...{ itemsPerPageMax: driftPipelineLimits.windowsPerPageMax, breathe },
  });
  for await (const page of pages) {
    for (const { deviceClass, labels: terms, output, labelled, errors } of page) {
      for (const cohort of cohortsOf(deviceClass, terms).filter(isKept)) {
        const sum = labels.get(cohort) ?? [];
        labels.set(cohort, mergeLabels([...sum, { output, labelled, errors }]));
      }
    }
  }
}

/** Windows of devices with the same cohorts are added up once, and then to each of these. */
function addPage(page: readonly CellWindow[], { sums, isKept }: CohortSums): void {
  const parts = new Map<CohortKey, MergedTelemetry[]>();
  for (const { cohorts, windows } of alike(page)) {
    const merged = mergeWindows(windows);
    for (const cohort of cohorts) {
      if (!isKept(cohort)) continue;
      const known = parts.get(cohort);
      if (known === undefined) parts.set(cohort, [merged]);
      else known.push(merged);
    }
  }
  for (const [cohort, added] of parts) {
    const sum = sums.get(cohort);
    sums.set(cohort, mergeTelemetry(sum === undefined ? added : [sum, ...added]));
  }
}

interface AlikeWindows {
  readonly cohorts: readonly CohortKey[];
  readonly windows: TelemetryWindow[];
}

function alike(page: readonly CellWindow[]): Iterable<AlikeWindows> {
  const groups = new Map<string, AlikeWindows>();
  for (const { deviceClass, labels, bytes } of page) {
    const cohorts = cohortsOf(deviceClass, labels);
    const key = cohorts.join("\n");
    const group = groups.get(key) ?? { cohorts, windows: [] };
    groups.set(key, group);
    group.windows.push(decodeWindow(bytes));
  }
  return groups.values();
}
