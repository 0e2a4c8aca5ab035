import { largestGap } from "./ks-two-sample.ts";
import { finiteValue, openShare } from "./observed.ts";

export interface KswinOptions {
  /** Chance of a false alarm that is allowed at each value; 0 … 1, exclusive. */
  readonly alpha?: number;
  /** Values that are kept. */
  readonly windowSize?: number;
  /** Of these, how many of the newest are compared with as many of the others. */
  readonly statSize?: number;
  /** Of the draw among the older values; a whole number. */
  readonly seed?: number;
}

/** A gap that is smaller is no drift, whatever its chance. */
const GAP_MIN = 0.1;

/**
 * Kolmogorov–Smirnov windowing: the newest values of a window against as many drawn at random from the older ones; it
 * fires when the exact chance of so large a gap is at most alpha. It begins anew with the value after the one it fired
 * at.
 *
 * @see Raab, Heusinger and Schleif 2020; defaults of River's `drift.KSWIN`. The draw is our own, so an index may differ
 *   from River's.
 */
export class Kswin {
  readonly #windowSize: number;
  readonly #statSize: number;
  readonly #gapMin: number;
  #window: number[] = [];
  #random: number;

  /** @throws RangeError unless 0 < alpha < 1 and the window is at least twice statSize, which is at least 1 */
  constructor({ alpha = 0.005, windowSize = 100, statSize = 30, seed = 1 }: KswinOptions = {}) {
    if (!(statSize >= 1 && windowSize >= 2 * statSize))
      throw new RangeError(
        `expected windowSize >= 2·statSize >= 2, got ${windowSize} and ${statSize}`,
      );
    this.#windowSize = windowSize;
    this.#statSize = statSize;
    this.#gapMin = criticalGap(openShare("alpha", alpha), statSize);
    this.#random = seed | 0;
  }

  /**
   * @param value any finite number
   * @returns whether it fires
   * @throws RangeError when the value is no finite number
   */
  update(value: number | boolean): boolean {
    this.#window.push(finiteValue(value));
    if (this.#window.length > this.#windowSize) this.#window.shift();
    if (this.#window.length < this.#windowSize) return false;
    const newest = this.#window.slice(-this.#statSize);
    const older = this.#draw(this.#window.slice(0, -this.#statSize));
    const gap = largestGap(Float64Array.from(older).sort(), Float64Array.from(newest).sort());
    const fires = gap >= this.#gapMin && gap > GAP_MIN;
    if (fires) this.#window = [];
    return fires;
  }

  /** `statSize` of the values, without putting back: the first steps of a Fisher–Yates shuffle. */
  #draw(values: number[]): number[] {
    for (let i = 0; i < this.#statSize; i++) {
      const other = i + Math.floor(this.#nextShare() * (values.length - i));
      const taken = values[other] ?? 0;
      values[other] = values[i] ?? 0;
      values[i] = taken;
    }
    return values.slice(0, this.#statSize);
  }

  /** Weyl sequence through the finalizer of MurmurHash3. */
  #nextShare(): number {
    this.#random = (this.#random + 0x9e37_79b9) | 0;
    let bits = this.#random;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  }
}

/** The least gap of two samples of n values that has at most chance alpha; above 1 when none has. */
function criticalGap(alpha: number, n: number): number {
  let steps = 1;
  while (steps <= n && gapSurvival(steps, n) > alpha) steps++;
  return (steps - 0.5) / n; // Between two gaps that are possible, out of reach of rounding.
}

/**
 * Exact chance that the gap of two samples of n values without ties is at least steps/n:
 * 2·Σ (−1)^(j−1)·C(2n, n − j·steps) / C(2n, n).
 *
 * @see Gnedenko and Korolyuk 1951
 */
function gapSurvival(steps: number, n: number): number {
  let sum = 0;
  for (let j = 1; j * steps <= n; j++) sum += (j % 2 === 1 ? 1 : -1) * ratio(j * steps, n);
  return 2 * sum;
}

/** C(2n, n − h) / C(2n, n). */
function ratio(h: number, n: number): number {
  let product = 1;
  for (let i = 0; i < h; i++) product *= (n - i) / (n + h - i);
  return product;
}
