import { finiteValue, openShare } from "./observed.ts";

export interface AdwinOptions {
  /** Chance of a false alarm that is allowed at a look; 0 … 1, exclusive. */
  readonly delta?: number;
  /** Values from one look at the window to the next. */
  readonly clock?: number;
  /** Buckets of one size before two become one of the next. */
  readonly maxBuckets?: number;
  /** Values either side of a cut must have. */
  readonly minWindow?: number;
  /** Values in the window before the first look. */
  readonly grace?: number;
  /** Whether a cut throws away all of the window, as River does, or only what is older than the cut. */
  readonly resetOnDrift?: boolean;
}

/** Buckets of one size, the oldest first. */
interface Row {
  readonly totals: number[];
  /** Sum of squared deviations from the bucket's own mean. */
  readonly squares: number[];
}

/**
 * ADaptive WINdowing: keeps as many of the latest values as look like one distribution, in buckets whose sizes are
 * powers of 2, and fires when two parts of that window differ in mean by more than
 * √(2·m·σ²·δ′) + ⅔·m·δ′, with δ′ = ln(2·ln W / δ) and m = 1/(n₀ − 4) + 1/(n₁ − 4) (4 is `minWindow` − 1).
 *
 * Feed it single values. Means of windows are too few and too smooth: with windows of 100 it misses a doubled error
 * share altogether (telemetry.md 1.4). State is below 2 KB at a million values.
 *
 * @see Bifet and Gavaldà 2007, Learning from Time-Changing Data with Adaptive Windowing; Babcock et al. 2003 for the
 *   variance; defaults and indices of River's `drift.ADWIN`
 */
export class Adwin {
  readonly #delta: number;
  readonly #clock: number;
  readonly #maxBuckets: number;
  readonly #minWindow: number;
  readonly #grace: number;
  readonly #resetOnDrift: boolean;
  /** By size: row i holds buckets of 2^i values. */
  #rows: Row[] = [];
  #width = 0;
  #total = 0;
  #squares = 0;
  #ticks = 0;

  /** @throws RangeError unless 0 < delta < 1 and clock, maxBuckets and minWindow are at least 1 */
  constructor({
    delta = 0.002,
    clock = 32,
    maxBuckets = 5,
    minWindow = 5,
    grace = 10,
    resetOnDrift = true,
  }: AdwinOptions = {}) {
    if (!(clock >= 1 && maxBuckets >= 1 && minWindow >= 1))
      throw new RangeError("expected clock, maxBuckets and minWindow of at least 1");
    this.#delta = openShare("delta", delta);
    this.#clock = clock;
    this.#maxBuckets = maxBuckets;
    this.#minWindow = minWindow;
    this.#grace = grace;
    this.#resetOnDrift = resetOnDrift;
  }

  /** Values in the window. */
  get width(): number {
    return this.#width;
  }

  /** Mean of the window; 0 when it is empty. */
  get mean(): number {
    return this.#width === 0 ? 0 : this.#total / this.#width;
  }

  /** Buckets that are kept, of two doubles each: at most `maxBuckets` of each power of 2 up to the window's width. */
  bucketCount(): number {
    return this.#rows.reduce((sum, { totals }) => sum + totals.length, 0);
  }

  /**
   * @param value any finite number; the bound is that of values within 0 … 1
   * @returns whether it fires
   * @throws RangeError when the value is no finite number
   */
  update(value: number | boolean): boolean {
    this.#insert(finiteValue(value));
    this.#ticks++;
    if (this.#ticks % this.#clock !== 0 || this.#width <= this.#grace) return false;
    let fires = false;
    while (this.#hasCut()) {
      this.#dropOldest();
      fires = true;
    }
    if (fires && this.#resetOnDrift) this.#reset();
    return fires;
  }

  #insert(value: number): void {
    if (this.#width > 0)
      this.#squares += (this.#width * (value - this.mean) ** 2) / (this.#width + 1);
    this.#width++;
    this.#total += value;
    this.#row(0).totals.push(value);
    this.#row(0).squares.push(0);
    for (let level = 0; this.#row(level).totals.length > this.#maxBuckets; level++)
      this.#mergeOldestTwo(level);
  }

  #mergeOldestTwo(level: number): void {
    const { totals, squares } = this.#row(level);
    const [first = 0, second = 0] = totals.splice(0, 2);
    const [ofFirst = 0, ofSecond = 0] = squares.splice(0, 2);
    const size = 2 ** level;
    const between = ((first / size - second / size) ** 2 * size) / 2;
    this.#row(level + 1).totals.push(first + second);
    this.#row(level + 1).squares.push(ofFirst + ofSecond + between);
  }

  /**
   * Whether the window falls in two at one of the cuts that are tried, from the oldest. As in MOA and River, the newest
   * bucket of each size stays on the newer side: exact indices depend on it.
   */
  #hasCut(): boolean {
    const bound = this.#cutBound();
    let [n, total] = [0, 0];
    for (let level = this.#rows.length - 1; level >= 0; level--) {
      const { totals } = this.#row(level);
      for (let bucket = 0; bucket < totals.length - 1; bucket++) {
        n += 2 ** level;
        total += totals[bucket] ?? 0;
        const apart = Math.abs(total / n - (this.#total - total) / (this.#width - n));
        if (apart > bound(n, this.#width - n)) return true;
      }
    }
    return false;
  }

  /** How far the means of two parts of the window may be apart, by their sizes; endless when one is too small. */
  #cutBound(): (older: number, newer: number) => number {
    const variance = this.#squares / this.#width;
    const nats = Math.log((2 * Math.log(this.#width)) / this.#delta);
    const least = this.#minWindow - 1;
    return (older, newer) => {
      if (older <= least || newer <= least) return Number.POSITIVE_INFINITY;
      const m = 1 / (older - least) + 1 / (newer - least);
      return Math.sqrt(2 * m * variance * nats) + (2 / 3) * m * nats;
    };
  }

  #dropOldest(): void {
    const size = 2 ** (this.#rows.length - 1);
    const { totals, squares } = this.#row(this.#rows.length - 1);
    const total = totals.shift() ?? 0;
    this.#width -= size;
    this.#total -= total;
    const apart = (total / size - this.mean) ** 2;
    const between = (apart * size * this.#width) / (size + this.#width);
    this.#squares = Math.max(0, this.#squares - (squares.shift() ?? 0) - between);
    if (totals.length === 0) this.#rows.pop();
  }

  #row(level: number): Row {
    const row = this.#rows[level] ?? { totals: [], squares: [] };
    this.#rows[level] = row;
    return row;
  }

  #reset(): void {
    this.#rows = [];
    this.#width = 0;
    this.#total = 0;
    this.#squares = 0;
    this.#ticks = 0;
  }
}
