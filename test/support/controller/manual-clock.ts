import { createHash } from "node:crypto";
import type { Clock } from "../../../controller/src/ports/clock.ts";

/** A clock that stands still until it is told; its random bytes are the same on every run. */
export class ManualClock implements Clock {
  #nowMs: number;
  #drawn = 0;
  readonly #tasks = new Set<() => Promise<void>>();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  readonly nowMs = (): number => this.#nowMs;

  readonly randomBytes = (length: number): Uint8Array => {
    this.#drawn += 1;
    const digest = createHash("sha512").update(`draw ${this.#drawn}`).digest();
    return new Uint8Array(digest.subarray(0, length));
  };

  readonly every = (_periodMs: number, task: () => Promise<void>): Disposable => {
    this.#tasks.add(task);
    return { [Symbol.dispose]: () => void this.#tasks.delete(task) };
  };

  /** Time passes, then everything that is done now and then is done once. */
  async advance(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const task of this.#tasks) await task();
  }
}
