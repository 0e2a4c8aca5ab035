import { PSI_SHARE_MIN } from "@modelfleet/protocol";
import type { DrawOrder, RowRange } from "./block-starts.ts";
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
  reference: ReferenceRows,
  { order, ranges }: DrawOrder,
  { windowItems, blockItems }: Pick<Bootstrap, "windowItems" | "blockItems">,
): DrawnPsi {
  const rows = order === undefined ? reference.rows : inOrder(reference.rows, order);
  const { bins } = reference;
  const references = ranges.map((range) => referenceOf(rows, bins, range));
  const counts = new Uint32Array(BYTES);
  const logs = Float64Array.from({ length: windowItems + 1 }, (_, count) =>
    Math.log(floored(count / windowItems)),
  );
  return (starts, slot) => {
    const [range, against] = [ranges[slot], references[slot]];
    if (range === undefined || against === undefined || against.items === 0) return 0;
    counts.fill(0);
    countBlocks(starts, { rows, counts, range, windowItems, blockItems });
    const items = totalOf(counts, bins);
    if (items === 0) return 0;
    const psi =
      items === windowItems
        ? wholePsi(counts, against, { items, logs })
        : partPsi(counts, against, items);
    return psi * (1 + items / against.items);
  };
}

function inOrder(rows: Uint8Array, order: Uint32Array): Uint8Array {
  const ordered = new Uint8Array(rows.length);
  for (let place = 0; place < ordered.length; place++)
    ordered[place] = rows[order[place] ?? 0] ?? 0;
  return ordered;
}

interface Reference {
  readonly items: number;
  /** At least `PSI_SHARE_MIN` each; shape [bins]. */
  readonly shares: Float64Array;
  readonly logs: Float64Array;
}

function referenceOf(rows: Uint8Array, bins: number, { from, to }: RowRange): Reference {
  const counts = new Uint32Array(BYTES);
  addRows(counts, rows, { from, to });
  const items = totalOf(counts, bins);
  const shares = Float64Array.from(counts.subarray(0, bins), (count) => floored(count / items));
  return { items, shares, logs: shares.map(Math.log) };
}

interface Blocks {
  readonly rows: Uint8Array;
  readonly counts: Uint32Array;
  readonly range: RowRange;
  readonly windowItems: number;
  readonly blockItems: number;
}

function countBlocks(starts: Uint32Array, blocks: Blocks): void {
  const { rows, counts, range, windowItems, blockItems } = blocks;
  let left = windowItems;
  for (const start of starts) {
    let from = start;
    let length = Math.min(blockItems, left);
    left -= length;
    while (length > 0) {
      const to = Math.min(from + length, range.to);
      addRows(counts, rows, { from, to });
      length -= to - from;
      from = range.from;
    }
  }
}

function addRows(counts: Uint32Array, rows: Uint8Array, { from, to }: RowRange): void {
  for (let row = from; row < to; row++) {
    const bin = rows[row] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
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
