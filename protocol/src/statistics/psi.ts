import { countPair, hasEmptySide, type Numbers } from "./count-pair.ts";

/** Share that an emptier bin is taken to have, on both sides, so that one empty bin cannot make the index endless. */
export const PSI_SHARE_MIN = 1e-4;

/**
 * Population Stability Index: Σ (q − p)·ln(q/p) over the bins, p and q the shares of reference and current, neither
 * below `PSI_SHARE_MIN` (the floored shares are not scaled to add up to 1 again).
 *
 * @param reference counts per bin; shape [bins]
 * @param current counts per bin; shape [bins], the same bins
 * @returns nats, >= 0; 0 when both have the same shares, or when one of them is empty (see `countStatus`)
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 * @see Jeffreys 1946, the symmetric divergence J; Yurdakul 2018 for its law: (1/N + 1/M)·χ²(bins − 1)
 */
export function psi(reference: Numbers, current: Numbers): number {
  const pair = countPair(reference, current);
  if (hasEmptySide(pair)) return 0;
  let sum = 0;
  for (let bin = 0; bin < pair.bins; bin++) {
    const p = Math.max((reference[bin] ?? 0) / pair.referenceTotal, PSI_SHARE_MIN);
    const q = Math.max((current[bin] ?? 0) / pair.currentTotal, PSI_SHARE_MIN);
    sum += (q - p) * Math.log(q / p);
  }
  return sum;
}
