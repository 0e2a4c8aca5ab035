import type { WatchClock } from "./deadline-watch.ts";

export interface JoiningClock extends WatchClock {
  /** Resolves when what has arrived by now has been read. */
  readonly turn: () => Promise<void>;
}

/**
 * How long the oldest request gives others time to join it: as long as its release says, and at least until what has
 * arrived has been read. Callers that were answered together mostly ask again together; the first of them would go
 * alone, and the runner do one row and fifteen in turns instead of sixteen at once.
 */
export class JoiningTime {
  readonly #clock: JoiningClock;
  readonly #onOver: () => void;
  #isRunning = false;
  #isTurnOver = false;

  /** @param onOver told at the end of a time that was given */
  constructor(clock: JoiningClock, onOver: () => void) {
    this.#clock = clock;
    this.#onOver = onOver;
  }

  /** Whether others still have time; then its end will be told. */
  isGiven({ askedAtMs }: { readonly askedAtMs: number }, delayMsMax: number): boolean {
    const leftMs = askedAtMs + delayMsMax - this.#clock.monotonicMs();
    const isOver = delayMsMax === 0 ? this.#isTurnOver : leftMs <= 0;
    if (isOver) return false;
    if (!this.#isRunning) void this.#run(delayMsMax === 0 ? undefined : leftMs);
    return true;
  }

  async #run(ms: number | undefined): Promise<void> {
    this.#isRunning = true;
    await (ms === undefined
      ? this.#clock.turn()
      : this.#clock.sleep(ms, new AbortController().signal));
    this.#isRunning = false;
    this.#isTurnOver = true;
    this.#onOver();
    this.#isTurnOver = false;
  }
}
