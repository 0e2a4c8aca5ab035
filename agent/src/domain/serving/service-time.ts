/** How much a new measurement counts against all before it. */
const NEWEST_SHARE = 0.2;

/** How long a model takes, as it was lately: a moving average that forgets. */
export class ServiceTime {
  #lastEndMs = Number.NEGATIVE_INFINITY;
  #requestMs: number | undefined;
  #rowMs: number | undefined;

  /** An execution that was sent at one time and ended at another; before its turn it waited for the one before. */
  note(execution: {
    readonly sentAtMs: number;
    readonly endMs: number;
    readonly requests: number;
    readonly rows: number;
  }): void {
    const { sentAtMs, endMs, requests, rows } = execution;
    const tookMs = endMs - Math.max(sentAtMs, this.#lastEndMs);
    this.#lastEndMs = endMs;
    this.#requestMs = average(this.#requestMs, tookMs / requests);
    this.#rowMs = average(this.#rowMs, tookMs / Math.max(1, rows));
  }

  /** For one request; undefined before the first. */
  requestMs(): number | undefined {
    return this.#requestMs;
  }

  /** How many rows a batch may have that is expected to take this long; 1 before anything is known. */
  rowsWithin(ms: number): number {
    return this.#rowMs === undefined ? 1 : Math.max(1, Math.floor(ms / this.#rowMs));
  }
}

function average(before: number | undefined, newest: number): number {
  return before === undefined ? newest : before + NEWEST_SHARE * (newest - before);
}
