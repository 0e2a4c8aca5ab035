import { finiteValue } from "./observed.ts";

export interface PageHinkleyOptions {
  /** Values before it may fire. */
  readonly minInstances?: number;
  /** Change that is let pass, in units of the values. */
  readonly delta?: number;
  /** Sum at which it fires (λ). */
  readonly threshold?: number;
  /** How much of the sum is kept at each value; 0 … 1. */
  readonly alpha?: number;
}

/**
 * Page–Hinkley test for a mean that rises: S = max(0, α·S + x − mean − δ) ≥ λ, the mean that of all values since it
 * last fired. It begins anew with the value after the one it fired at.
 *
 * @see Page 1954; defaults and indices of River's `drift.PageHinkley`
 */
export class PageHinkley {
  readonly #minInstances: number;
  readonly #delta: number;
  readonly #threshold: number;
  readonly #alpha: number;
  // River counts from 1, so that the first value that may fire is minInstances − 1.
  #next = 1;
  #mean = 0;
  #sum = 0;

  /** @throws RangeError when the threshold is not above 0 or alpha not within 0 … 1 */
  constructor({
    minInstances = 30,
    delta = 0.005,
    threshold = 50,
    alpha = 0.9999,
  }: PageHinkleyOptions = {}) {
    if (!(threshold > 0)) throw new RangeError(`expected threshold > 0, got ${threshold}`);
    if (!(alpha >= 0 && alpha <= 1)) throw new RangeError(`expected alpha 0 … 1, got ${alpha}`);
    this.#minInstances = minInstances;
    this.#delta = finiteValue(delta);
    this.#threshold = threshold;
    this.#alpha = alpha;
  }

  /**
   * @param value any finite number; for errors 1, for right answers 0
   * @returns whether it fires
   * @throws RangeError when the value is no finite number
   */
  update(value: number | boolean): boolean {
    const x = finiteValue(value);
    this.#mean += (x - this.#mean) / this.#next;
    this.#sum = Math.max(0, this.#alpha * this.#sum + (x - this.#mean - this.#delta));
    this.#next++;
    if (this.#next < this.#minInstances || this.#sum < this.#threshold) return false;
    this.#next = 1;
    this.#mean = 0;
    this.#sum = 0;
    return true;
  }
}
