import {
  type Digest8,
  decodeWindow,
  driftPipelineLimits,
  learningLimits,
} from "@modelfleet/protocol";
import type { CohortKey } from "../../domain/drift/cohort-key.ts";
import { LearningError } from "../../domain/errors.ts";
import {
  gatherQuantiles,
  type QuantileGatherer,
  type Quantiles,
} from "../../domain/profile/learning/gather-quantiles.ts";
import type { LearnedWindows } from "../../domain/profile/learning/learn-profile.ts";
import type { LearnedCell } from "../../domain/profile/learning/learned-cell.ts";
import { rankedValues } from "../../domain/profile/learning/ranked-values.ts";
import { cohortsOf } from "../../domain/telemetry/cohorts-of.ts";
import type {
  CellRollup,
  CellWindow,
  CellWindowPlace,
  DriftStore,
} from "../../ports/drift-store.ts";
import { readPages } from "../drift/read-pages.ts";

export interface MeasuredPorts {
  readonly drift: DriftStore;
  readonly breathe: () => Promise<void>;
}

export interface MeasuredCohort {
  readonly releasePrefix: Digest8;
  readonly cohort: CohortKey;
  /** Of the cohort, oldest first; at least one. */
  readonly rollups: readonly CellRollup[];
}

/** Enough to see by how much one window differs from others. */
const VALUES_OF_CELL = 200;

/**
 * What a cohort measured: counts from its roll-ups, which are exact, and quantiles from the windows of its devices, which no
 * roll-up holds. At a time a page of windows is in memory, and of each feature one sketch.
 *
 * @throws LearningError LEARNING_WINDOWS when there are more of devices than one answer may take
 */
export async function measuredWindows(
  ports: MeasuredPorts,
  { releasePrefix, cohort, rollups }: MeasuredCohort,
): Promise<Omit<LearnedWindows, "labels">> {
  refuseMany(cohort, rollups);
  const gathered = gatherQuantiles();
  const devices = new Set<string>();
  const cells: LearnedCell[] = [];
  for (const { startMs, merged } of rollups) {
    for await (const page of windowsOf(ports, { releasePrefix, startMs })) {
      const ofCohort = page.filter((window) =>
        cohortsOf(window.deviceClass, window.labels).includes(cohort),
      );
      for (const { device } of ofCohort) devices.add(device);
      await addAll(ports, gathered, ofCohort);
    }
    cells.push({ merged, ranked: rankedBy(gathered.endCell()) });
  }
  return { cells, quantiles: gathered.all(), origin: originOf(cohort, devices.size, rollups) };
}

function refuseMany(cohort: CohortKey, rollups: readonly CellRollup[]): void {
  const windows = rollups.reduce((sum, { merged }) => sum + merged.windows, 0);
  const { deviceWindowsMax } = learningLimits;
  if (windows <= deviceWindowsMax) return;
  throw new LearningError(
    "LEARNING_WINDOWS",
    `expected at most ${deviceWindowsMax} windows of devices, got ${windows} in ${rollups.length} windows of ${cohort}: ask for fewer (--windows), or for a smaller cohort`,
  );
}

/** Unpacking and adding up sketches takes long enough for a page of them to be felt by everybody else. */
async function addAll(
  { breathe }: MeasuredPorts,
  gathered: QuantileGatherer,
  windows: readonly CellWindow[],
): Promise<void> {
  for (const [at, { bytes }] of windows.entries()) {
    if (at > 0 && at % learningLimits.deviceWindowsPerTurn === 0) await breathe();
    gathered.add(decodeWindow(bytes));
  }
}

function windowsOf(
  { drift, breathe }: MeasuredPorts,
  cell: { readonly releasePrefix: Digest8; readonly startMs: number },
): AsyncGenerator<readonly CellWindow[]> {
  return readPages<CellWindow, CellWindowPlace>({
    first: { device: "", mark: 0 },
    read: (after, count) => drift.windowsOfCell(cell, after, count),
    placeOf: ({ device, mark }) => ({ device, mark }),
    ...{ itemsPerPageMax: driftPipelineLimits.windowsPerPageMax, breathe },
  });
}

function rankedBy(quantiles: Quantiles): LearnedCell["ranked"] {
  // Also of the features before the first that has any.
  return Array.from(quantiles, (sketch) => sketch && rankedValues(sketch, VALUES_OF_CELL));
}

function originOf(
  cohort: CohortKey,
  seen: number,
  rollups: readonly CellRollup[],
): LearnedWindows["origin"] {
  const starts = rollups.map(({ startMs }) => startMs);
  const ends = rollups.map(({ startMs, lengthMs }) => startMs + lengthMs);
  return {
    cohort,
    // Of windows that are not kept any more the roll-ups know how many devices there were.
    devices: Math.max(seen, ...rollups.map(({ devices }) => devices)),
    windows: rollups.length,
    ...{ fromMs: Math.min(...starts), untilMs: Math.max(...ends) },
  };
}
