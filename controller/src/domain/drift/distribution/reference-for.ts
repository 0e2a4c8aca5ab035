import type { Signal } from "../signal.ts";
import { HOUR_MS, slotOf } from "../slot-of.ts";
import type { SlotOfDay } from "../verdict.ts";
import type { CountedCell, JudgedCell, MergedCounts } from "./forward-merge.ts";

/** What counts are held against. */
export interface ReferenceCounts {
  /** Not always whole; shape [bins]. */
  readonly counts: readonly number[];
  /** The hour of the judged cell, when the reference is that of its hours. */
  readonly slot: SlotOfDay | null;
}

/**
 * The reference of the hours the counts come from, in the mixture they come in; the one of all hours when the profile
 * has none for one of them, or one of too few items.
 */
export function referenceFor(
  signal: Signal,
  { parts, items }: MergedCounts,
  cell: JudgedCell,
): ReferenceCounts {
  const whole = { counts: signal.reference, slot: null };
  if (signal.seasonal.length === 0 || items <= 0) return whole;
  const shares = new Map<readonly number[], number>();
  for (const { slot, share } of hourShares(parts, cell.cellMs)) {
    const counts = countsOfSlot(signal, slot);
    if (counts === undefined) return whole;
    shares.set(counts, (shares.get(counts) ?? 0) + share / items);
  }
  return { counts: mixture(shares), slot: slotOf(cell.startMs) };
}

/** The hours of each cell, each with its part of the cell's items. */
function hourShares(
  parts: readonly CountedCell[],
  cellMs: number,
): { readonly slot: SlotOfDay; readonly share: number }[] {
  return parts.flatMap(({ startMs, items }) => {
    const first = Math.floor(startMs / HOUR_MS);
    const hours = Math.max(1, Math.ceil((startMs + cellMs) / HOUR_MS) - first);
    return Array.from({ length: hours }, (_, i) => ({
      slot: slotOf((first + i) * HOUR_MS),
      share: items / hours,
    }));
  });
}

function countsOfSlot(
  { seasonal, samplesMin }: Signal,
  { weekend, hour }: SlotOfDay,
): readonly number[] | undefined {
  const found = seasonal.find((slot) => slot.weekend === weekend && slot.hour === hour);
  if (found === undefined) return undefined;
  return totalOf(found.counts) < samplesMin ? undefined : found.counts;
}

/**
 * Shares of the slots, weighted, times as many items as a sample of them would need to be as exact: 1/Σ(w²/M).
 */
function mixture(weights: ReadonlyMap<readonly number[], number>): readonly number[] {
  const [only] = weights.keys();
  if (weights.size === 1 && only !== undefined) return only;
  const slots = [...weights].map(([counts, weight]) => ({ counts, weight, all: totalOf(counts) }));
  const items = 1 / slots.reduce((sum, { weight, all }) => sum + weight ** 2 / all, 0);
  return (slots[0]?.counts ?? []).map((_, bin) =>
    slots.reduce(
      (sum, { counts, weight, all }) => sum + ((counts[bin] ?? 0) / all) * weight * items,
      0,
    ),
  );
}

function totalOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
