import type { ComparisonStatus, Numbers } from "./count-pair.ts";
import { ksExactSurvival } from "./ks-exact.ts";
import { samplePair } from "./sample-pair.ts";

export interface KsResult {
  /** Largest gap of the two empirical distribution functions, 0 … 1. */
  readonly statistic: number;
  /** Two-sided. */
  readonly pValue: number;
  readonly status: ComparisonStatus;
}

export interface KsOptions {
  /** The law of the p-value; `asymptotic` unless told. */
  readonly method?: "asymptotic" | "exact";
}

/**
 * Kolmogorov–Smirnov test of two samples of raw values, in any order. Ties are fine; NaN counts as absent.
 *
 * The p-value is that of Kolmogorov's limit law, `kolmogorovSurvival(D·√(n·m/(n+m)))`, which errs to the safe side: by
 * up to 0.025 in the middle, where nobody decides anything, once n·m/(n+m) is 100, and by less than 0.005 below 0.05.
 * `exact` is SciPy's default and costs n·m steps.
 *
 * @param reference values; shape [n]
 * @param current values; shape [m]
 * @returns statistic 0 and p-value 1 when a sample has no number, or all values are the same
 * @throws RangeError when the exact law is asked for and n·m is above `KS_EXACT_PAIRS_MAX`
 * @see Smirnov 1939; SciPy `ks_2samp(a, b).statistic` and `kstwobign.sf`
 */
export function ksTwoSample(
  reference: Numbers,
  current: Numbers,
  { method = "asymptotic" }: KsOptions = {},
): KsResult {
  const { reference: a, current: b, status } = samplePair(reference, current);
  if (status !== "OK") return { statistic: 0, pValue: 1, status };
  const statistic = largestGap(a, b);
  if (method === "exact")
    return { statistic, pValue: ksExactSurvival(statistic, a.length, b.length), status };
  const items = (a.length / (a.length + b.length)) * b.length;
  return { statistic, pValue: kolmogorovSurvival(statistic * Math.sqrt(items)), status };
}

/**
 * Largest gap of the empirical distribution functions of two samples.
 *
 * @param a values in rising order; shape [n], n > 0
 * @param b values in rising order; shape [m], m > 0
 * @returns 0 … 1
 */
export function largestGap(a: Float64Array, b: Float64Array): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i] ?? 0, b[j] ?? 0);
    while (i < a.length && (a[i] ?? 0) <= value) i++;
    while (j < b.length && (b[j] ?? 0) <= value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/** From here on the alternating series needs few terms, and below it the other one does. */
const SERIES_FROM = 1.2;

/**
 * Chance that Kolmogorov's limit variable exceeds `x`: 2·Σ (−1)^(k−1)·exp(−2k²x²), or for small x its transform
 * 1 − √(2π)/x·Σ exp(−(2k−1)²π²/(8x²)).
 *
 * @param x >= 0
 * @returns 0 … 1, absolute error below 1e-15
 * @throws RangeError when x is negative or not a number
 * @see Kolmogorov 1933; Marsaglia, Tsang and Wang 2003; SciPy `kstwobign.sf`
 */
export function kolmogorovSurvival(x: number): number {
  if (!(x >= 0)) throw new RangeError(`expected x >= 0, got ${x}`);
  return x < SERIES_FROM ? 1 - bodyBelow(x) : tailAbove(x);
}

function bodyBelow(x: number): number {
  if (x === 0) return 0;
  const exponent = -(Math.PI ** 2) / (8 * x * x);
  const sum = [1, 3, 5, 7].reduce((total, odd) => total + Math.exp(odd * odd * exponent), 0);
  return (Math.sqrt(2 * Math.PI) / x) * sum;
}

function tailAbove(x: number): number {
  const term = (k: number) => Math.exp(-2 * k * k * x * x);
  return 2 * (term(1) - term(2) + term(3) - term(4) + term(5));
}
