/** A bin holds at least this share of the values: of a window of 500, five, or a test of counts means little. */
const SHARE_MIN = 0.01;

/**
 * Edges that cut values into bins of about equal size, each halfway between two values that follow each other, so that
 * what another program rounds a little otherwise stays in its bin. Equal values are never parted: a value that is as
 * frequent as a bin may have one for itself, and there are fewer in all.
 *
 * @param rising values in rising order, none NaN; shape [n]
 * @param binsMax >= 1
 * @returns strictly rising; at most binsMax - 1, none when all values are equal
 */
export function quantileEdges(rising: Float64Array, binsMax: number): number[] {
  const fairCount = rising.length / binsMax;
  const cuts: number[] = [];
  for (let k = 1; k < binsMax; k++) {
    const value = rising[Math.floor((k * rising.length) / binsMax)] ?? 0;
    const first = firstWhere(rising, (other) => other >= value);
    const after = firstWhere(rising, (other) => other > value);
    const last = cuts.at(-1) ?? 0;
    if (first > last) cuts.push(first);
    else if (after - first >= fairCount && after > last && after < rising.length) cuts.push(after);
  }
  const fair = largeEnough(cuts, rising.length);
  return fair.map((cut) => between(rising[cut - 1] ?? 0, rising[cut] ?? 0));
}

/** Of cuts, those that leave no bin too small; the last goes when the bin above it is. */
function largeEnough(cuts: readonly number[], length: number): number[] {
  const countMin = SHARE_MIN * length;
  const kept: number[] = [];
  for (const cut of cuts) {
    if (cut - (kept.at(-1) ?? 0) >= countMin) kept.push(cut);
  }
  if (length - (kept.at(-1) ?? 0) < countMin) kept.pop();
  return kept;
}

function between(below: number, above: number): number {
  const halfway = below + (above - below) / 2;
  return halfway > below ? halfway : above;
}

/** Index from which on it is reached, by halving; the length when it never is. */
function firstWhere(rising: Float64Array, isReached: (value: number) => boolean): number {
  let [low, high] = [0, rising.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isReached(rising[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}
