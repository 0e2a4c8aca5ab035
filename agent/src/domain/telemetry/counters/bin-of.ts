/**
 * Bin of a value: bin i = [edges[i-1], edges[i]), so the first reaches down and the last up without end.
 *
 * @param edges strictly rising; shape [bins - 1]
 * @param value not NaN
 * @returns 0 … edges.length
 */
export function binOf(edges: Float64Array, value: number): number {
  return binAmong(edges, value, 0, edges.length);
}

/** The same where the edges are `count` of an array's, from a place of it on. */
export function binAmong(edges: Float64Array, value: number, from: number, count: number): number {
  let bin = from;
  // Halving a length instead of closing in from both ends leaves the processor no branch to guess wrong.
  for (let length = count; length > 0; length >>>= 1) {
    const half = (length + 1) >>> 1;
    // Inside of the array always, so the fallback is never taken.
    bin += (edges[bin + half - 1] ?? Number.POSITIVE_INFINITY) <= value ? half : 0;
  }
  return bin - from;
}

/** One more in a bin of a fixed array of counts. */
export function countIn(counts: Float64Array, bin: number): void {
  counts[bin] = (counts[bin] ?? 0) + 1;
}
