/**
 * Bin of a value: bin i = [edges[i-1], edges[i]), so the first reaches down and the last up without end.
 *
 * @param edges strictly rising; shape [bins - 1]
 * @param value not NaN
 * @returns 0 … edges.length
 */
export function binOf(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    // Only the length bounds the search, so the fallback is never taken.
    if ((edges[middle] ?? Number.POSITIVE_INFINITY) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** One more in a bin of a fixed array of counts. */
export function countIn(counts: Float64Array, bin: number): void {
  counts[bin] = (counts[bin] ?? 0) + 1;
}
