/** What a CUSUM is to find, and the score it goes on from. */
export interface BernoulliCusumOptions {
  /** Share of errors that is usual, from the reference; 0 < p0 < p1. */
  readonly p0?: number;
  /** Share of errors that is to be found; p1 < 1. */
  readonly p1?: number;
  /** Log-likelihood ratio, in nats, at which it fires; above 0. */
  readonly threshold?: number;
  /** Score kept from before; >= 0. */
  readonly score?: number;
}

/**
 * Cumulative sum for a share of errors: the score is the log-likelihood ratio of `p1` against `p0` over the values
 * since it was last 0, and never below 0. It fires at `threshold` and begins anew.
 *
 * Values may come one by one or as counts of a window, where only its end is looked at: between, the score may pass
 * below 0, so windows should be short against what is to be found.
 *
 * @see Page 1954; Reynolds and Stoumbos 1999, A CUSUM chart for monitoring a proportion when inspecting continuously
 */
export class BernoulliCusum {
  readonly #errorNats: number;
  readonly #correctNats: number;
  readonly #threshold: number;
  #score: number;

  /** @throws RangeError unless 0 < p0 < p1 < 1, the threshold is above 0 and the score not below */
  constructor({ p0 = 0.1, p1 = 0.15, threshold = 6.9, score = 0 }: BernoulliCusumOptions = {}) {
    if (!(p0 > 0 && p0 < p1 && p1 < 1))
      throw new RangeError(`expected 0 < p0 < p1 < 1, got p0 ${p0}, p1 ${p1}`);
    if (!(threshold > 0 && score >= 0 && Number.isFinite(threshold + score)))
      throw new RangeError(`expected threshold > 0 and score >= 0, got ${threshold} and ${score}`);
    this.#errorNats = Math.log(p1 / p0);
    this.#correctNats = Math.log((1 - p1) / (1 - p0));
    this.#threshold = threshold;
    this.#score = score;
  }

  /** Nats, >= 0; what to keep when the detector has to go on elsewhere. */
  get score(): number {
    return this.#score;
  }

  /**
   * @param value 1 or true for an error, 0 or false for a right answer
   * @returns whether it fires
   * @throws RangeError on any other value
   */
  update(value: number | boolean): boolean {
    const error = Number(value);
    if (error !== 0 && error !== 1) throw new RangeError(`expected 0 or 1, got ${value}`);
    return this.updateWindow(1, error);
  }

  /**
   * @param n labelled predictions of the window, >= 0
   * @param errors how many of them were wrong, <= n
   * @returns whether it fires
   * @throws RangeError when there are more errors than predictions, or either is no count
   */
  updateWindow(n: number, errors: number): boolean {
    if (!(errors >= 0 && errors <= n && Number.isFinite(n)))
      throw new RangeError(`expected 0 <= errors <= n, got ${errors} of ${n}`);
    const change = errors * this.#errorNats + (n - errors) * this.#correctNats;
    const score = Math.max(0, this.#score + change);
    const fires = score >= this.#threshold;
    this.#score = fires ? 0 : score;
    return fires;
  }
}
