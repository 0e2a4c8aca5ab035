import { errorValue } from "./observed.ts";

export interface DdmOptions {
  /** Values before it may fire. */
  readonly warmStart?: number;
  /** Standard deviations above the best error share at which it fires. */
  readonly driftThreshold?: number;
}

/**
 * Drift Detection Method: the error share p of all values since it last fired, s = √(p·(1−p)/n); it fires when
 * p + s > p_min + 3·s_min, the minimum being that of p + s.
 *
 * Of the detectors here it is the quickest to misfire: 0.7 false alarms in 10 000 values at an error share of 0.1.
 *
 * @see Gama, Medas, Castillo and Rodrigues 2004; defaults and indices of River's `drift.binary.DDM`
 */
export class Ddm {
  readonly #warmStart: number;
  readonly #driftThreshold: number;
  #n = 0;
  #errors = 0;
  #pMin = Number.POSITIVE_INFINITY;
  #sMin = Number.POSITIVE_INFINITY;

  /** @throws RangeError when the threshold is not above 0 */
  constructor({ warmStart = 30, driftThreshold = 3 }: DdmOptions = {}) {
    if (!(driftThreshold > 0))
      throw new RangeError(`expected driftThreshold > 0, got ${driftThreshold}`);
    this.#warmStart = warmStart;
    this.#driftThreshold = driftThreshold;
  }

  /**
   * @param value 1 or true for an error, 0 or false for a right answer
   * @returns whether it fires
   * @throws RangeError on any other value
   */
  update(value: number | boolean): boolean {
    this.#errors += errorValue(value);
    this.#n++;
    if (this.#n <= this.#warmStart) return false;
    const p = this.#errors / this.#n;
    const s = Math.sqrt((p * (1 - p)) / this.#n);
    if (p + s <= this.#pMin + this.#sMin) {
      this.#pMin = p;
      this.#sMin = s;
    }
    if (p + s <= this.#pMin + this.#driftThreshold * this.#sMin) return false;
    this.#reset();
    return true;
  }

  #reset(): void {
    this.#n = 0;
    this.#errors = 0;
    this.#pMin = Number.POSITIVE_INFINITY;
    this.#sMin = Number.POSITIVE_INFINITY;
  }
}
