import { driftLimits } from "@modelfleet/protocol";
import type { CohortCell } from "./cohort-cell.ts";
import type { Signal } from "./signal.ts";
import { signalCounts } from "./signal-counts.ts";
import { HOUR_MS } from "./slot-of.ts";

/** Counts of one signal over one or more cells. */
export interface MergedCounts {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly items: number;
  /** Shape of the reference; empty without any cell. */
  readonly counts: readonly number[];
  /** What each cell gave. */
  readonly parts: readonly CountedCell[];
}

export interface CountedCell {
  readonly startMs: number;
  readonly items: number;
}

/** The cell that is judged; the cells before it end at its start. */
export interface JudgedCell {
  readonly startMs: number;
  readonly cellMs: number;
}

/**
 * The cell with as many cells before it as are needed for `samplesMin` items, not further back than
 * `driftLimits.mergeMsMax`.
 *
 * @param cells newest first
 */
export function mergeForward(
  signal: Signal,
  cells: readonly CohortCell[],
  cell: JudgedCell,
): MergedCounts {
  return merged(signal, reachable(cells, cell), { cell, itemsEnough: signal.samplesMin });
}

/**
 * All cells of the 24 hours that end with the cell: there a season of a day cancels out.
 *
 * @param cells newest first
 * @returns undefined when there is an hour without any
 */
export function mergeDay(
  signal: Signal,
  cells: readonly CohortCell[],
  cell: JudgedCell,
): MergedCounts | undefined {
  const inReach = reachable(cells, cell);
  const hours = new Set(inReach.map(({ startMs }) => Math.floor(startMs / HOUR_MS)));
  if (hours.size < driftLimits.mergeMsMax / HOUR_MS) return undefined;
  return merged(signal, inReach, { cell, itemsEnough: Number.POSITIVE_INFINITY });
}

/** None when the newest is missing: what is old has been judged before. */
function reachable(
  cells: readonly CohortCell[],
  { startMs, cellMs }: JudgedCell,
): readonly CohortCell[] {
  const past = cells.filter((cell) => cell.startMs <= startMs);
  if (past[0]?.startMs !== startMs) return [];
  const earliestMs = startMs + cellMs - driftLimits.mergeMsMax;
  return past.filter((cell, i) => i === 0 || cell.startMs >= earliestMs);
}

interface Extent {
  readonly cell: JudgedCell;
  readonly itemsEnough: number;
}

function merged(
  signal: Signal,
  cells: readonly CohortCell[],
  { cell, itemsEnough }: Extent,
): MergedCounts {
  const sums = new Array<number>(signal.reference.length).fill(0);
  const parts: CountedCell[] = [];
  let all = 0;
  for (const { startMs, merged: telemetry } of cells) {
    const counts = signalCounts(signal, telemetry);
    if (counts === undefined) continue;
    const items = addTo(sums, counts);
    parts.push({ startMs, items });
    all += items;
    if (all >= itemsEnough) break;
  }
  const counts = sums.map((count) => Math.max(0, count));
  return {
    fromMs: parts.at(-1)?.startMs ?? cell.startMs,
    untilMs: cell.startMs + cell.cellMs,
    items: counts.reduce((sum, count) => sum + count, 0),
    counts,
    parts,
  };
}

function addTo(sums: number[], counts: readonly number[]): number {
  let items = 0;
  for (let bin = 0; bin < sums.length; bin++) {
    const count = counts[bin] ?? 0;
    sums[bin] = (sums[bin] ?? 0) + count;
    items += count;
  }
  return items;
}
