import { countPair, hasEmptySide, type Numbers } from "./count-pair.ts";
import { samplePair } from "./sample-pair.ts";

/** A reference that hardly varies is taken to vary by this, in units of the feature (as Evidently does). */
export const WASSERSTEIN_SD_MIN = 0.001;

/** Above this, squares of values would leave the range of a double. */
const PLAIN_MAX = 1e140;

/**
 * Wasserstein-1 distance of two samples of raw values, in standard deviations of the reference: how far the average
 * item would have to move. NaN and ±∞ count as absent.
 *
 * @param reference values; shape [n]. Its standard deviation (of the population) is the unit, at least
 *   `WASSERSTEIN_SD_MIN`.
 * @param current values; shape [m]
 * @returns >= 0 and finite; 0 when a sample has no finite number (see `sampleStatus`)
 * @see Vallender 1974; SciPy `wasserstein_distance(a, b) / max(np.std(a), 0.001)`
 */
export function wassersteinNormalized(reference: Numbers, current: Numbers): number {
  const pair = samplePair(finiteOf(reference), finiteOf(current));
  if (pair.status !== "OK") return 0;
  const scale = scaleOf(pair.reference, pair.current);
  const a = scaled(pair.reference, scale);
  const b = scaled(pair.current, scale);
  const sd = Math.max(populationSd(a), WASSERSTEIN_SD_MIN / scale);
  return Math.min(Number.MAX_VALUE, areaBetween(a, b) / sd);
}

/** What a binned distance needs of the reference. */
export interface BinnedReference {
  /** Per bin; shape [bins]. */
  readonly counts: Numbers;
  /** Mean of the reference's values in each bin, rising; shape [bins]. */
  readonly binMeans: Numbers;
  /** Standard deviation of the reference's values, of the population. */
  readonly sd: number;
}

/**
 * As `wassersteinNormalized`, of histograms: all items of a bin are taken to stand at the mean of the reference's. As
 * that leaves out what moves beyond the last edges, the distance of the means is taken where it is more: the true
 * distance is never less. With 20 quantile bins and 1 000 items the error is below 0.02 for shifts up to half a
 * standard deviation (without the current mean, 0.04).
 *
 * @param reference counts and what they stand for
 * @param current counts per bin; shape [bins], the same bins
 * @param currentMean mean of the current values, where it is known
 * @returns >= 0 and finite; 0 when a side is empty
 * @throws RangeError when the shapes differ, a count is negative, or the means do not rise
 */
export function wassersteinNormalizedBinned(
  reference: BinnedReference,
  current: Numbers,
  currentMean?: number,
): number {
  const pair = countPair(reference.counts, current);
  checkMeans(reference);
  if (hasEmptySide(pair)) return 0;
  let [gap, area] = [0, 0];
  for (let bin = 0; bin + 1 < pair.bins; bin++) {
    gap += (current[bin] ?? 0) / pair.currentTotal;
    gap -= (reference.counts[bin] ?? 0) / pair.referenceTotal;
    area += Math.abs(gap) * ((reference.binMeans[bin + 1] ?? 0) - (reference.binMeans[bin] ?? 0));
  }
  const apart = currentMean === undefined ? 0 : Math.abs(currentMean - meanOf(reference));
  const distance = Math.max(area, Number.isFinite(apart) ? apart : 0);
  return Math.min(Number.MAX_VALUE, distance / Math.max(reference.sd, WASSERSTEIN_SD_MIN));
}

function meanOf({ counts, binMeans }: BinnedReference): number {
  let [items, sum] = [0, 0];
  for (let bin = 0; bin < counts.length; bin++) {
    items += counts[bin] ?? 0;
    sum += (counts[bin] ?? 0) * (binMeans[bin] ?? 0);
  }
  return sum / items;
}

function checkMeans({ counts, binMeans, sd }: BinnedReference): void {
  if (binMeans.length !== counts.length)
    throw new RangeError(`expected ${counts.length} means of bins, got ${binMeans.length}`);
  for (let bin = 0; bin < binMeans.length; bin++) {
    const mean = binMeans[bin] ?? Number.NaN;
    if (!Number.isFinite(mean) || mean < (binMeans[bin - 1] ?? Number.NEGATIVE_INFINITY))
      throw new RangeError(`expected means of bins that rise, got ${mean} in bin ${bin}`);
  }
  if (!(sd >= 0)) throw new RangeError(`expected a standard deviation >= 0, got ${sd}`);
}

/** ∫ |F − G| of the two empirical distribution functions; both in rising order. */
function areaBetween(a: Float64Array, b: Float64Array): number {
  let [i, j, area] = [0, 0, 0];
  let from = Math.min(a[0] ?? 0, b[0] ?? 0);
  while (i < a.length || j < b.length) {
    const to = Math.min(a[i] ?? Number.POSITIVE_INFINITY, b[j] ?? Number.POSITIVE_INFINITY);
    area += Math.abs(i / a.length - j / b.length) * (to - from);
    while (i < a.length && (a[i] ?? 0) <= to) i++;
    while (j < b.length && (b[j] ?? 0) <= to) j++;
    from = to;
  }
  return area;
}

function populationSd(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / values.length);
}

function scaled(values: Float64Array, scale: number): Float64Array {
  return scale === 1 ? values : values.map((value) => value / scale);
}

function scaleOf(...samples: readonly Float64Array[]): number {
  const ends = samples.flatMap((sample) => [sample[0] ?? 0, sample.at(-1) ?? 0]);
  const largest = Math.max(...ends.map((end) => Math.abs(end)));
  return largest > PLAIN_MAX ? largest : 1;
}

function finiteOf(values: Numbers): Float64Array {
  return new Float64Array(values).filter(Number.isFinite);
}
