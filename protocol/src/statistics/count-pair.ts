/** Counts or samples in any array, typed or not. */
export type Numbers = ArrayLike<number>;

/**
 * What a comparison can be worth. Where it is not `OK`, every distance is 0 and every p-value 1: nothing was found, as
 * nothing could be.
 */
export type ComparisonStatus = "OK" | "EMPTY_REFERENCE" | "EMPTY_CURRENT" | "CONSTANT";

/** Two histograms over the same bins, and how much each holds in all. */
export interface CountPair {
  readonly reference: Numbers;
  readonly current: Numbers;
  readonly bins: number;
  readonly referenceTotal: number;
  readonly currentTotal: number;
}

/**
 * Two histograms that may be compared.
 *
 * @param reference counts (or any weights) per bin; shape [bins], each >= 0 and finite
 * @param current counts per bin; shape [bins], the same bins
 * @throws RangeError when the shapes differ, there is no bin, or a count is negative or no finite number
 */
export function countPair(reference: Numbers, current: Numbers): CountPair {
  if (reference.length !== current.length || reference.length === 0)
    throw new RangeError(
      `expected two arrays of counts of one length > 0, got ${reference.length} and ${current.length}`,
    );
  return {
    reference,
    current,
    bins: reference.length,
    referenceTotal: totalOf(reference),
    currentTotal: totalOf(current),
  };
}

/**
 * Whether two histograms can be compared; `CONSTANT` when all of both is in one and the same bin.
 *
 * @throws RangeError as `countPair`
 */
export function countStatus(reference: Numbers, current: Numbers): ComparisonStatus {
  return pairStatus(countPair(reference, current));
}

/** As `countStatus`, of counts that were looked at before. */
export function pairStatus(pair: CountPair): ComparisonStatus {
  if (pair.referenceTotal === 0) return "EMPTY_REFERENCE";
  if (pair.currentTotal === 0) return "EMPTY_CURRENT";
  return usedBins(pair) === 1 ? "CONSTANT" : "OK";
}

/** Whether a side is without any count: then there is no share to compare. */
export function hasEmptySide({ referenceTotal, currentTotal }: CountPair): boolean {
  return referenceTotal === 0 || currentTotal === 0;
}

/** Bins in which at least one of the two has something. */
export function usedBins({ reference, current, bins }: CountPair): number {
  let used = 0;
  for (let bin = 0; bin < bins; bin++) if ((reference[bin] ?? 0) + (current[bin] ?? 0) > 0) used++;
  return used;
}

function totalOf(counts: Numbers): number {
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    const count = counts[bin];
    if (count === undefined || !(count >= 0))
      throw new RangeError(`expected a count >= 0 in bin ${bin}, got ${String(count)}`);
    total += count;
  }
  if (!Number.isFinite(total))
    throw new RangeError(`expected finite counts, got a sum of ${total}`);
  return total;
}
