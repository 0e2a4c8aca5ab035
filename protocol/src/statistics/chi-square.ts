import { chiSquareSurvival } from "./chi-square-law.ts";
import {
  type ComparisonStatus,
  type CountPair,
  countPair,
  hasEmptySide,
  type Numbers,
  pairStatus,
  usedBins,
} from "./count-pair.ts";

export interface ChiSquareResult {
  readonly statistic: number;
  readonly pValue: number;
  readonly degreesOfFreedom: number;
  readonly status: ComparisonStatus;
}

/**
 * Pearson's test that two histograms are draws of one distribution: the 2 × bins contingency table, without Yates's
 * correction, so that the noise of the reference counts too. Bins empty on both sides are left out, as they say
 * nothing; degrees of freedom are the bins left less one.
 *
 * @param reference whole counts per bin; shape [bins]
 * @param current whole counts per bin; shape [bins], the same bins
 * @returns p-value 1 and no degree of freedom when a side is empty or all is in one bin
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 * @see Pearson 1900; SciPy `chi2_contingency([reference, current], correction=False)`
 */
export function chiSquare(reference: Numbers, current: Numbers): ChiSquareResult {
  const pair = countPair(reference, current);
  const status = pairStatus(pair);
  if (status !== "OK") return { statistic: 0, pValue: 1, degreesOfFreedom: 0, status };
  const statistic = statisticOf(pair);
  const degreesOfFreedom = usedBins(pair) - 1;
  const pValue = chiSquareSurvival(statistic, degreesOfFreedom);
  return { statistic, pValue, degreesOfFreedom, status };
}

/**
 * Cramér's V of the same table: √(χ² / n), as the smaller side of the table is 2. An effect size, 0 … 1, which does
 * not grow with the number of items as χ² does.
 *
 * @param reference whole counts per bin; shape [bins]
 * @param current whole counts per bin; shape [bins], the same bins
 * @returns 0 when a side is empty
 * @throws RangeError when the shapes differ, or a count is negative or no finite number
 * @see Cramér 1946, Mathematical Methods of Statistics, 21.9
 */
export function cramersV(reference: Numbers, current: Numbers): number {
  const pair = countPair(reference, current);
  if (hasEmptySide(pair)) return 0;
  return Math.min(1, Math.sqrt(statisticOf(pair) / (pair.referenceTotal + pair.currentTotal)));
}

/**
 * In a table of two rows, Σ (observed − expected)² / expected comes to Σ (M·c − N·r)² / (M·N·(r + c)); written with
 * shares it stays in range for any counts.
 */
function statisticOf({
  reference,
  current,
  bins,
  referenceTotal,
  currentTotal,
}: CountPair): number {
  let sum = 0;
  for (let bin = 0; bin < bins; bin++) {
    const r = reference[bin] ?? 0;
    const c = current[bin] ?? 0;
    if (r + c === 0) continue;
    const difference = r / referenceTotal - c / currentTotal;
    sum += (difference * difference) / (r + c);
  }
  return sum * referenceTotal * currentTotal;
}
