/**
 * One timer for a moment that mostly moves away before it comes. It is set anew only for an earlier moment; when it
 * rings too early it looks again. So a request that is answered in time costs no timer.
 */
export class LazyAlarm {
  readonly #monotonicMs: () => number;
  readonly #ring: (nowMs: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  /** @param ring does what is due; returns the next moment to ring at, infinity for none */
  constructor(monotonicMs: () => number, ring: (nowMs: number) => number) {
    this.#monotonicMs = monotonicMs;
    this.#ring = ring;
  }

  /** @param atMs monotonic; infinity is never */
  watch(atMs: number): void {
    if (atMs >= this.#atMs) return;
    clearTimeout(this.#timer);
    this.#atMs = atMs;
    const waitMs = Math.ceil(atMs - this.#monotonicMs());
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, waitMs));
  }

  rest(): void {
    clearTimeout(this.#timer);
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  #wake(): void {
    this.#atMs = Number.POSITIVE_INFINITY;
    this.watch(this.#ring(this.#monotonicMs()));
  }
}
