import { runnerLimits } from "@modelfleet/protocol";

/** How much of what a slow run has raised is left after the next. */
const KEPT_SHARE = 0.8;

/** How many runs of a model fit into one turn of the event loop; the slowest of late counts. */
export class InlinePace {
  #runMs: number | undefined;

  note(tookMs: number): void {
    const before = this.#runMs ?? tookMs;
    this.#runMs = Math.max(tookMs, KEPT_SHARE * before + (1 - KEPT_SHARE) * tookMs);
  }

  /** 1 before the first run. */
  turnMax(): number {
    const { inlineTurnMsMax, inlineTurnRequestsMax } = runnerLimits;
    if (this.#runMs === undefined) return 1;
    const fitting = Math.floor(inlineTurnMsMax / this.#runMs);
    return Math.max(1, Math.min(inlineTurnRequestsMax, fitting));
  }
}
