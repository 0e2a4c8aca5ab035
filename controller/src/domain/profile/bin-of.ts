/** In place of the bin of a row that has no value. */
export const ABSENT = 255;

/** Where the rows of the reference fell, for one distribution of its profile. */
export interface BinnedRows {
  /** One a row, or ABSENT; shape [rows]. */
  readonly bins: Uint8Array;
  /** How many bins there are. */
  readonly size: number;
}

/**
 * Bin of a value: bin i = [edges[i-1], edges[i]), so the first reaches down and the last up without end.
 *
 * @param edges strictly rising; shape [bins - 1], at most 254
 * @returns 0 … edges.length; ABSENT for NaN
 */
export function binOf(edges: ArrayLike<number>, value: number): number {
  if (Number.isNaN(value)) return ABSENT;
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? Number.POSITIVE_INFINITY) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * How many rows fall into each bin.
 *
 * @param bins one a row, or ABSENT; shape [rows]
 * @param size how many bins there are
 * @returns shape [size]
 */
export function countBins(bins: Uint8Array, size: number): number[] {
  const counts = new Array<number>(size).fill(0);
  for (const bin of bins) if (bin !== ABSENT) counts[bin] = (counts[bin] ?? 0) + 1;
  return counts;
}
