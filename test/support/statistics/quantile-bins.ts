/**
 * Inner edges of equally filled bins, equal ones once.
 *
 * @param sample values in any order
 * @param bins how many bins
 */
export function quantileEdges(sample: ArrayLike<number>, bins: number): number[] {
  const rising = new Float64Array(sample).sort();
  const edges = Array.from({ length: bins - 1 }, (_, i) => {
    const place = ((i + 1) / bins) * (rising.length - 1);
    const [low, high] = [rising[Math.floor(place)] ?? 0, rising[Math.ceil(place)] ?? 0];
    return low + (high - low) * (place % 1);
  });
  return [...new Set(edges)];
}

/** Counts of a sample; bin i = [edges[i-1], edges[i]). */
export function binned(sample: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (let i = 0; i < sample.length; i++) {
    const bin = binOf(sample[i] ?? 0, edges);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Mean of the values in each bin. */
export function binMeans(sample: ArrayLike<number>, edges: readonly number[]): number[] {
  const sums = Array.from({ length: edges.length + 1 }, () => 0);
  for (let i = 0; i < sample.length; i++) {
    const bin = binOf(sample[i] ?? 0, edges);
    sums[bin] = (sums[bin] ?? 0) + (sample[i] ?? 0);
  }
  return binned(sample, edges).map((count, bin) => (sums[bin] ?? 0) / count);
}

function binOf(value: number, edges: readonly number[]): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value < (edges[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
