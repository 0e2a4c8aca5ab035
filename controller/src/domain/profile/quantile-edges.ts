/**
 * Edges that cut values into bins of about equal size: between value number ⌊k·n/bins⌋ and the next smaller one, halfway,
 * so that what another program rounds a little otherwise stays in its bin. Equal values are never parted: where many are,
 * edges collapse. No edge lies at the least value, below which nothing was seen.
 *
 * @param rising values in rising order, none NaN; shape [n]
 * @param binsMax >= 1
 * @returns strictly rising; at most binsMax - 1, none when all values are equal
 */
export function quantileEdges(rising: Float64Array, binsMax: number): number[] {
  const edges: number[] = [];
  for (let k = 1; k < binsMax; k++) {
    const at = Math.floor((k * rising.length) / binsMax);
    const edge = edgeBelow(rising, at);
    if (edge !== undefined && edge > (edges.at(-1) ?? Number.NEGATIVE_INFINITY)) edges.push(edge);
  }
  return edges;
}

/** Between a value and the next smaller one; undefined when it is the least. */
function edgeBelow(rising: Float64Array, at: number): number | undefined {
  const value = rising[at];
  if (value === undefined) return undefined;
  const smaller = rising[firstOf(rising, value) - 1];
  if (smaller === undefined) return undefined;
  const halfway = smaller + (value - smaller) / 2;
  return halfway > smaller ? halfway : value;
}

/** Index of the first of equal values. */
function firstOf(rising: Float64Array, value: number): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((rising[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
