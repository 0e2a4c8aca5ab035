import { finiteValue, openShare } from "./observed.ts";

export interface HddmAOptions {
  /** Chance of a false alarm that is allowed at a cut; 0 … 1, exclusive. */
  readonly driftConfidence?: number;
  /** Whether it also fires when the mean falls. */
  readonly twoSided?: boolean;
}

/** Items and sum of the values up to a point of the stream. */
interface Prefix {
  readonly n: number;
  readonly sum: number;
}

/**
 * Hoeffding drift detection on means: it keeps the cut at which the mean so far had its lowest upper bound, and fires
 * when the mean of everything is above the mean before the cut by more than Hoeffding's bound of the difference.
 * It begins anew with the value after the one it fired at.
 *
 * @see Frías-Blanco et al. 2015, Online and Non-Parametric Drift Detection Methods Based on Hoeffding's Bounds;
 *   defaults and indices of River's `drift.binary.HDDM_A`
 */
export class HddmA {
  readonly #boundNats: number;
  readonly #changeNats: number;
  readonly #twoSided: boolean;
  #n = 0;
  #sum = 0;
  #lowest: Prefix | null = null;
  #highest: Prefix | null = null;

  /** @throws RangeError unless 0 < driftConfidence < 1 */
  constructor({ driftConfidence = 0.001, twoSided = false }: HddmAOptions = {}) {
    this.#boundNats = Math.log(1 / openShare("driftConfidence", driftConfidence));
    this.#changeNats = Math.log(2 / driftConfidence);
    this.#twoSided = twoSided;
  }

  /**
   * @param value 0 … 1; for errors 1, for right answers 0
   * @returns whether it fires
   * @throws RangeError when the value is not within 0 … 1, for which the bound does not hold
   */
  update(value: number | boolean): boolean {
    const x = finiteValue(value);
    if (x < 0 || x > 1) throw new RangeError(`expected a value of 0 … 1, got ${x}`);
    this.#n++;
    this.#sum += x;
    const [lowest, highest] = this.#moveCuts();
    const mean = this.#sum / this.#n;
    const rise = mean - lowest.sum / lowest.n;
    const fall = highest.sum / highest.n - mean;
    const fires = this.#exceeds(lowest, rise) || (this.#twoSided && this.#exceeds(highest, fall));
    if (fires) this.#reset();
    return fires;
  }

  #moveCuts(): readonly [lowest: Prefix, highest: Prefix] {
    const now = { n: this.#n, sum: this.#sum };
    const { low, high } = this.#boundsOf(now);
    if (this.#lowest === null || this.#boundsOf(this.#lowest).high >= high) this.#lowest = now;
    if (this.#highest === null || this.#boundsOf(this.#highest).low <= low) this.#highest = now;
    return [this.#lowest, this.#highest];
  }

  #boundsOf({ n, sum }: Prefix): { readonly low: number; readonly high: number } {
    const reach = Math.sqrt(this.#boundNats / (2 * n));
    return { low: sum / n - reach, high: sum / n + reach };
  }

  #exceeds(cut: Prefix, change: number): boolean {
    if (cut.n === this.#n) return false;
    const inverse = (this.#n - cut.n) / cut.n / this.#n;
    return change >= Math.sqrt((inverse / 2) * this.#changeNats);
  }

  #reset(): void {
    this.#n = 0;
    this.#sum = 0;
    this.#lowest = null;
    this.#highest = null;
  }
}
