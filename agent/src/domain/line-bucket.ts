export interface LinePace {
  /** Lines that are written at once. */
  readonly burstMax: number;
  /** From then on one each time so much has passed. */
  readonly everyMs: number;
}

/** A token bucket of lines of one kind that counts what it leaves out. */
export class LineBucket {
  readonly #pace: LinePace;
  #tokens: number;
  #filledAtMs: number;
  #leftOut = 0;

  constructor(pace: LinePace, nowMs: number) {
    this.#pace = pace;
    this.#tokens = pace.burstMax;
    this.#filledAtMs = nowMs;
  }

  /** @returns how many were left out since the last line that was written; undefined where this one is left out too */
  take(nowMs: number): number | undefined {
    this.#fill(nowMs);
    if (this.#tokens === 0) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#tokens -= 1;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    return leftOut;
  }

  #fill(nowMs: number): void {
    const { burstMax, everyMs } = this.#pace;
    const earned = Math.floor((nowMs - this.#filledAtMs) / everyMs);
    this.#tokens = Math.min(burstMax, this.#tokens + earned);
    // What is left of a full bucket is not saved up.
    this.#filledAtMs = this.#tokens === burstMax ? nowMs : this.#filledAtMs + earned * everyMs;
  }
}
