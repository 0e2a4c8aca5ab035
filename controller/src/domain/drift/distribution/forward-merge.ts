import { driftLimits } from "@modelfleet/protocol";
import { withoutNoise } from "../../telemetry/without-noise.ts";
import type { CohortCell } from "../cohort-cell.ts";
import type { Signal } from "../signal.ts";
import { DAY_HOURS, HOUR_MS } from "../slot-of.ts";
import { signalCounts } from "./signal-counts.ts";

/** Counts of one signal over one or more cells. */
export interface MergedCounts {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly items: number;
  /** Shape of the reference; all 0 without any cell. */
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

/** What one cohort measured in the judged cell and before. */
export interface CohortHistory {
  readonly cell: JudgedCell;
  /** Newest first, from the judged one on; none when that is missing, for what is older has been judged before. */
  readonly cells: readonly CohortCell[];
  /** There is something of each of the 24 hours that end with the cell: a season of a day cancels out over them. */
  readonly hasDay: boolean;
}

/** @param cells newest first; those later than the judged one, or too long ago, are left out */
export function historyOf(cells: readonly CohortCell[], cell: JudgedCell): CohortHistory {
  const { startMs, cellMs } = cell;
  const past = cells.filter((other) => other.startMs <= startMs);
  if (past[0]?.startMs !== startMs) return { cell, cells: [], hasDay: false };
  const earliestMs = startMs + cellMs - driftLimits.mergeMsMax;
  const inReach = past.filter((other, i) => i === 0 || other.startMs >= earliestMs);
  const hours = new Set(inReach.flatMap((other) => hoursOf(other.startMs, cellMs)));
  return { cell, cells: inReach, hasDay: hours.size === DAY_HOURS };
}

/** Hours of the day a cell touches. */
function hoursOf(startMs: number, cellMs: number): readonly number[] {
  const first = Math.floor(startMs / HOUR_MS);
  const count = Math.ceil((startMs + cellMs) / HOUR_MS) - first;
  return Array.from({ length: Math.min(count, DAY_HOURS) }, (_, i) => (first + i) % DAY_HOURS);
}

/** Adds up a signal's counts from the judged cell backwards until there are `itemsEnough`. */
export function mergeBack(
  signal: Signal,
  { cell, cells }: CohortHistory,
  itemsEnough: number,
): MergedCounts {
  const sums = new Array<number>(signal.reference.length).fill(0);
  const parts: CountedCell[] = [];
  let all = 0;
  let noisedWindows = 0;
  let epsilon: number | null = null;
  for (const { startMs, merged } of cells) {
    const counts = signalCounts(signal, merged);
    if (counts === undefined) continue;
    const items = addTo(sums, counts);
    noisedWindows += merged.noisedWindows;
    if (merged.epsilon !== null) epsilon = Math.min(epsilon ?? merged.epsilon, merged.epsilon);
    parts.push({ startMs, items });
    all += items;
    if (all >= itemsEnough) break;
  }
  return {
    fromMs: parts.at(-1)?.startMs ?? cell.startMs,
    untilMs: cell.startMs + cell.cellMs,
    ...counted(withoutNoise(sums, signal.reference, { noisedWindows, epsilon })),
    parts,
  };
}

function counted(counts: readonly number[]): Pick<MergedCounts, "counts" | "items"> {
  return { counts, items: counts.reduce((sum, count) => sum + count, 0) };
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
