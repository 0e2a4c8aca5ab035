import { PSI_SHARE_MIN } from "@modelfleet/protocol";
import type { Bootstrap, ReferenceRows } from "./bootstrap.ts";

/** PSI of the window made of the blocks that start at these rows, against the reference of an hour. */
export type DrawnPsi = (starts: Uint32Array, slot: number) => number;

/** Bins that a byte can name; those of no value are counted there and not looked at. */
const BYTES = 256;

/**
 * The windows are drawn from the very counts they are held against; a window of a device is not, and differs by the
 * noise of the reference, too. By the law of PSI, (1/N + 1/M)·χ², that is a factor of 1 + N/M.
 *
 * The same as `psi`, for very many windows: logarithms are looked up.
 */
export function drawnPsi(
  { rows, bins }: ReferenceRows,
  { windowItems, blockItems, slots }: Bootstrap,
): DrawnPsi {
  const references = referencesOf({ rows, bins }, slots);
  const counts = new Uint32Array(BYTES);
  const logs = Float64Array.from({ length: windowItems + 1 }, (_, count) =>
    Math.log(floored(count / windowItems)),
  );
  return (starts, slot) => {
    counts.fill(0);
    countBlocks(starts, { rows, counts, windowItems, blockItems });
    const items = totalOf(counts, bins);
    const reference = references[slot];
    if (items === 0 || reference === undefined || reference.items === 0) return 0;
    const psi =
      items === windowItems
        ? wholePsi(counts, reference, { items, logs })
        : partPsi(counts, reference, items);
    return psi * (1 + items / reference.items);
  };
}

interface Reference {
  readonly items: number;
  /** At least `PSI_SHARE_MIN` each; shape [bins]. */
  readonly shares: Float64Array;
  readonly logs: Float64Array;
}

function referencesOf({ rows, bins }: ReferenceRows, slots?: Uint8Array): readonly Reference[] {
  const size = slots === undefined ? 1 : Math.max(...new Set(slots)) + 1;
  const counts = Array.from({ length: size }, () => new Uint32Array(BYTES));
  for (let row = 0; row < rows.length; row++) {
    const bySlot = counts[slots?.[row] ?? 0];
    const bin = rows[row] ?? 0;
    if (bySlot !== undefined) bySlot[bin] = (bySlot[bin] ?? 0) + 1;
  }
  return counts.map((bySlot) => {
    const items = totalOf(bySlot, bins);
    const shares = Float64Array.from(bySlot.subarray(0, bins), (count) => floored(count / items));
    return { items, shares, logs: shares.map(Math.log) };
  });
}

interface Blocks {
  readonly rows: Uint8Array;
  readonly counts: Uint32Array;
  readonly windowItems: number;
  readonly blockItems: number;
}

function countBlocks(starts: Uint32Array, { rows, counts, windowItems, blockItems }: Blocks): void {
  let left = windowItems;
  for (const start of starts) {
    const end = start + Math.min(blockItems, left);
    for (let row = start; row < end; row++) {
      const bin = rows[row] ?? 0;
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    left -= blockItems;
  }
}

/** @param logs of the shares by count; for windows without missing values */
function wholePsi(
  counts: Uint32Array,
  { shares, logs: referenceLogs }: Reference,
  { items, logs }: { readonly items: number; readonly logs: Float64Array },
): number {
  let sum = 0;
  for (let bin = 0; bin < shares.length; bin++) {
    const count = counts[bin] ?? 0;
    const difference = floored(count / items) - (shares[bin] ?? 0);
    sum += difference * ((logs[count] ?? 0) - (referenceLogs[bin] ?? 0));
  }
  return sum;
}

function partPsi(counts: Uint32Array, { shares, logs }: Reference, items: number): number {
  let sum = 0;
  for (let bin = 0; bin < shares.length; bin++) {
    const share = floored((counts[bin] ?? 0) / items);
    sum += (share - (shares[bin] ?? 0)) * (Math.log(share) - (logs[bin] ?? 0));
  }
  return sum;
}

function floored(share: number): number {
  return Math.max(share, PSI_SHARE_MIN);
}

function totalOf(counts: Uint32Array, bins: number): number {
  let total = 0;
  for (let bin = 0; bin < bins; bin++) total += counts[bin] ?? 0;
  return total;
}
