import type { Clock } from "../../ports/clock.ts";

/** A bell for one loop: rung from anywhere, heard once. A ring while nobody listens is kept. */
export class Wake {
  readonly #clock: Clock;
  #rung = false;
  #listener: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#rung = true;
    this.#listener?.abort();
  }

  /** Until it rings, `ms` have passed, or the signal aborts; without `ms`, as long as it takes. */
  async listen(signal: AbortSignal, ms = 0x7fff_ffff): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      this.#listener = new AbortController();
      const either = AbortSignal.any([signal, this.#listener.signal]);
      await this.#clock.sleep(ms, either).catch(() => undefined);
      this.#listener = undefined;
    }
    this.#rung = false;
  }
}
