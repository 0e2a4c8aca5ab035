export interface WatchClock {
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** One alarm for many deadlines: a timer for each would cost more than most requests. */
export class DeadlineWatch {
  readonly #clock: WatchClock;
  readonly #ring: (nowMs: number) => number | undefined;
  #alarm: AbortController | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  /** @param ring told when the earliest deadline has passed; returns the earliest that is left */
  constructor(clock: WatchClock, ring: (nowMs: number) => number | undefined) {
    this.#clock = clock;
    this.#ring = ring;
  }

  watch(deadlineMs: number): void {
    if (deadlineMs >= this.#atMs) return;
    this.rest();
    const alarm = new AbortController();
    this.#alarm = alarm;
    this.#atMs = deadlineMs;
    const waitMs = Math.max(0, deadlineMs - this.#clock.monotonicMs());
    void this.#clock.sleep(waitMs, alarm.signal).then(
      () => this.#wake(alarm),
      () => undefined,
    );
  }

  /** Nothing is left to watch, for good: between two requests the alarm is left as it is, which costs them less. */
  rest(): void {
    this.#alarm?.abort();
    this.#alarm = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  #wake(alarm: AbortController): void {
    if (this.#alarm !== alarm) return;
    this.#alarm = undefined;
    this.#atMs = Number.POSITIVE_INFINITY;
    const next = this.#ring(this.#clock.monotonicMs());
    if (next !== undefined) this.watch(next);
  }
}
