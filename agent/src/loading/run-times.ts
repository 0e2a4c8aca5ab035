import { runnerLimits } from "@modelfleet/protocol";
import { quantile } from "../domain/golden/quantile.ts";

/**
 * How long the answers of a runner take, and from when on one is taken for a hang: `max(10 s, 20 × p99)` (agent.md 6).
 * Its p99 is that of the last answers; of a fresh runner, what its golden cases took.
 */
export class RunTimes {
  readonly #recentMs: number[];
  #next = 0;
  #p99Ms: number;

  constructor(provenMs: number) {
    this.#recentMs = [provenMs];
    this.#p99Ms = provenMs;
  }

  note(tookMs: number): void {
    this.#recentMs[this.#next] = tookMs;
    this.#next = (this.#next + 1) % runnerLimits.runTimesKept;
    // Exact to a quarter of what is kept: sorting after every answer would cost a small model more than it takes.
    if (this.#next % (runnerLimits.runTimesKept / 4) === 0) {
      this.#p99Ms = quantile(this.#recentMs, 0.99);
    }
  }

  hangMs(): number {
    return Math.max(runnerLimits.hangMsMin, runnerLimits.hangTimesP99 * this.#p99Ms);
  }
}
