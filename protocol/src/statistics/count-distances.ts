import { type CountPair, countPair, hasEmptySide, type Numbers } from "./count-pair.ts";

/**
 * Jensen–Shannon distance: √(½·KL(p‖m) + ½·KL(q‖m)), m the mean of the shares p and q.
 *
 * @param reference counts per bin; shape [bins]
 * @param current counts per bin; shape [bins], the same bins
 * @param base of the logarithm, above 1; 2 gives a distance of 0 … 1, as NannyML does. SciPy and Evidently take e
 *   unless told, which is √(ln 2) = 0.8326 times as much.
 * @returns 0 when a side is empty
 * @throws RangeError when the shapes differ, a count is negative or no finite number, or the base is not above 1
 * @see Endres and Schindelin 2003; SciPy `jensenshannon(reference, current, base=2)`
 */
export function jensenShannon(reference: Numbers, current: Numbers, base = 2): number {
  if (!(base > 1)) throw new RangeError(`expected a base above 1, got ${base}`);
  const nats = sumOverShares(countPair(reference, current), (p, q) => {
    const m = (p + q) / 2;
    return relativeEntropy(p, m) + relativeEntropy(q, m);
  });
  return Math.sqrt(Math.max(0, nats) / 2 / Math.log(base));
}

/**
 * Hellinger distance: √(1 − Σ √(p·q)) of the shares p and q.
 *
 * @param reference counts per bin; shape [bins]
 * @param current counts per bin; shape [bins], the same bins
 * @returns 0 (identical, or a side is empty) … 1 (nothing in common)
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 * @see Hellinger 1909; the same as ‖√p − √q‖₂ / √2, which loses no digits when p and q are close
 */
export function hellinger(reference: Numbers, current: Numbers): number {
  const sum = sumOverShares(
    countPair(reference, current),
    (p, q) => (Math.sqrt(p) - Math.sqrt(q)) ** 2,
  );
  return Math.sqrt(sum / 2);
}

/**
 * Total variation distance of two histograms: ½·Σ |q − p|, the share of items that would have to be elsewhere.
 *
 * @param reference counts per bin; shape [bins]
 * @param current counts per bin; shape [bins], the same bins
 * @returns 0 (identical, or a side is empty) … 1 (nothing in common)
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 * @see Levin and Peres 2017, Markov Chains and Mixing Times, proposition 4.2
 */
export function totalVariationOfCounts(reference: Numbers, current: Numbers): number {
  return sumOverShares(countPair(reference, current), (p, q) => Math.abs(q - p)) / 2;
}

/**
 * Largest change of a share: max |q − p| (L∞). Where there are many categories, it tells of one that grew.
 *
 * @param reference counts per bin; shape [bins]
 * @param current counts per bin; shape [bins], the same bins
 * @returns 0 (identical, or a side is empty) … 1
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 */
export function maximumDeviation(reference: Numbers, current: Numbers): number {
  let largest = 0;
  sumOverShares(countPair(reference, current), (p, q) => {
    largest = Math.max(largest, Math.abs(q - p));
    return 0;
  });
  return largest;
}

/**
 * Kolmogorov–Smirnov distance seen through bins: the largest gap of the two cumulated shares at a bin's edge. A lower
 * bound: the gap of the values themselves is at most the largest share of a bin above it.
 *
 * @param reference counts per bin, in the order of the bins; shape [bins]
 * @param current counts per bin; shape [bins], the same bins
 * @returns 0 (or a side is empty) … 1
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 * @see Smirnov 1939
 */
export function ksBinned(reference: Numbers, current: Numbers): number {
  let gap = 0;
  let largest = 0;
  sumOverShares(countPair(reference, current), (p, q) => {
    gap += q - p;
    largest = Math.max(largest, Math.abs(gap));
    return 0;
  });
  return Math.min(1, largest);
}

/** Σ term(p, q) over the bins' shares p and q; 0 when a side is empty. */
function sumOverShares(pair: CountPair, term: (p: number, q: number) => number): number {
  if (hasEmptySide(pair)) return 0;
  let sum = 0;
  for (let bin = 0; bin < pair.bins; bin++) {
    const p = (pair.reference[bin] ?? 0) / pair.referenceTotal;
    const q = (pair.current[bin] ?? 0) / pair.currentTotal;
    sum += term(p, q);
  }
  return sum;
}

function relativeEntropy(share: number, mean: number): number {
  return share === 0 ? 0 : share * Math.log(share / mean);
}
