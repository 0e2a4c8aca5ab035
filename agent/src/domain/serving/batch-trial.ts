import { compareAnswer } from "../golden/compare-answer.ts";
import type { Tensor } from "../tensor.ts";

/** The default of golden cases (agent.md 4): another order of additions, not another result. */
const tolerance = { kind: "allclose", atol: 1e-4, rtol: 1e-3 } as const;

/**
 * Whether a model answers a row in a batch as it answers it alone. Its release asks for batches, but a free first
 * dimension may as well be time, or rows that look at each other; so the requests of the first batch are asked alone, too.
 *
 * 1. `open`: the next batch is the trial. `running`: its requests are asked alone, and get those answers. Then `passed`.
 * 2. A trial of which no request was answered alone proves nothing, and leaves it open.
 */
export class BatchTrial<Request> {
  readonly #batched = new Map<Request, readonly Tensor[]>();
  #state: "open" | "running" | "passed" = "open";
  #compared = 0;

  isOpen(): boolean {
    return this.#state === "open";
  }

  isRunning(): boolean {
    return this.#state === "running";
  }

  begin(requests: readonly Request[], answers: readonly (readonly Tensor[])[]): void {
    this.#state = "running";
    for (const [i, request] of requests.entries()) this.#batched.set(request, answers[i] ?? []);
  }

  /**
   * What was answered alone; undefined where there is no answer.
   *
   * @returns where it differs from what the batch said
   */
  note(request: Request, alone: readonly Tensor[] | undefined): string | undefined {
    const batched = this.#batched.get(request);
    if (batched === undefined) return undefined;
    this.#batched.delete(request);
    const difference = alone === undefined ? undefined : firstDifference(alone, batched);
    if (alone !== undefined) this.#compared += 1;
    if (this.#batched.size === 0) this.#state = this.#compared > 0 ? "passed" : "open";
    return difference;
  }
}

function firstDifference(alone: readonly Tensor[], batched: readonly Tensor[]): string | undefined {
  for (const [i, expected] of alone.entries()) {
    const got = batched[i];
    if (got === undefined) return `output ${expected.name}: expected it of a batch, got none`;
    const { difference } = compareAnswer(expected, got, tolerance);
    if (difference !== undefined) return `alone and in a batch: ${difference}`;
  }
  return undefined;
}
