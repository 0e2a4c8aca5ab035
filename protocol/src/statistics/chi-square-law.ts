import { logGamma } from "./log-gamma.ts";

const STEPS_MAX = 10_000;
const TINY = 1e-300;
const EPSILON = 2 ** -53;

/**
 * Chance that a χ² variable exceeds `x`: the upper regularized incomplete gamma function Q(df/2, x/2).
 *
 * @param x >= 0
 * @param degreesOfFreedom above 0, also broken
 * @returns 0 … 1, relative error below 1e-11 up to 10 000 degrees of freedom
 * @throws RangeError when x is negative or not a number, or the degrees of freedom are not above 0
 * @see Press et al. 2007, Numerical Recipes, 6.2; SciPy `chi2.sf`
 */
export function chiSquareSurvival(x: number, degreesOfFreedom: number): number {
  checkDegrees(degreesOfFreedom);
  if (!(x >= 0)) throw new RangeError(`expected x >= 0, got ${x}`);
  if (x === 0) return 1;
  if (x === Number.POSITIVE_INFINITY) return 0;
  const [a, y] = [degreesOfFreedom / 2, x / 2];
  return y < a + 1 ? 1 - lowerBySeries(a, y) : upperByFraction(a, y);
}

/**
 * The value a χ² variable stays below with chance `p`: `chiSquareSurvival(chiSquareQuantile(p, df), df) = 1 − p`.
 *
 * @param p lower tail, 0 <= p < 1
 * @param degreesOfFreedom above 0
 * @throws RangeError when p or the degrees of freedom are out of range
 * @see SciPy `chi2.ppf`
 */
export function chiSquareQuantile(p: number, degreesOfFreedom: number): number {
  checkDegrees(degreesOfFreedom);
  if (!(p >= 0 && p < 1)) throw new RangeError(`expected 0 <= p < 1, got ${p}`);
  if (p === 0) return 0;
  let high = Math.max(1, degreesOfFreedom);
  while (isBelow(high, p, degreesOfFreedom)) high *= 2;
  let low = 0;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (isBelow(middle, p, degreesOfFreedom)) low = middle;
    else high = middle;
  }
  return high;
}

/** Whether less than `p` of the law lies under `x`; compared in the tail that is the smaller, where digits are left. */
function isBelow(x: number, p: number, degreesOfFreedom: number): boolean {
  const [a, y] = [degreesOfFreedom / 2, x / 2];
  if (y < a + 1) return lowerBySeries(a, y) < p;
  return upperByFraction(a, y) > 1 - p;
}

/** P(a, y) by its power series, which is quick for y < a + 1. */
function lowerBySeries(a: number, y: number): number {
  let term = 1 / a;
  let sum = term;
  for (let step = 1; step < STEPS_MAX && term > sum * EPSILON; step++) {
    term *= y / (a + step);
    sum += term;
  }
  return sum * front(a, y);
}

/** Q(a, y) by its continued fraction, in Lentz's way, which is quick for y >= a + 1. */
function upperByFraction(a: number, y: number): number {
  let b = y + 1 - a;
  let c = 1 / TINY;
  let d = 1 / b;
  let fraction = d;
  for (let step = 1; step < STEPS_MAX; step++) {
    const numerator = -step * (step - a);
    b += 2;
    d = 1 / awayFromZero(numerator * d + b);
    c = awayFromZero(b + numerator / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) <= 2 * EPSILON) break;
  }
  return fraction * front(a, y);
}

function front(a: number, y: number): number {
  return Math.exp(a * Math.log(y) - y - logGamma(a));
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

function checkDegrees(degreesOfFreedom: number): void {
  if (!(degreesOfFreedom > 0 && Number.isFinite(degreesOfFreedom)))
    throw new RangeError(`expected degrees of freedom > 0, got ${degreesOfFreedom}`);
}
