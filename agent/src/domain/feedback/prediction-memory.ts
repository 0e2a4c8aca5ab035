import { feedbackLimits } from "@modelfleet/protocol";

/** What a release said to one request, as far as labels need it. */
export interface Prediction {
  /** Start of the window it was counted in, Unix ms. */
  readonly windowStartMs: number;
  /** By a clock that never goes back. */
  readonly atMs: number;
  /** For each output of the profile the class of each item; `noClass` where it has none. Shape [outputs][items]. */
  readonly classes: readonly Int8Array[];
  /** The labels it was given, by output; shape as that of `classes`. */
  readonly labels: Map<number, Int8Array>;
}

/** Of an item that is counted nowhere, and of a label that nobody knows. Classes are at most 64. */
export const noClass = -1;

/** The newest predictions of one release by the id of their request: so many, and none too old. */
export class PredictionMemory {
  readonly #predictions = new Map<string, Prediction>();
  readonly #max: number;
  readonly #ageMsMax: number;

  constructor(
    max: number = feedbackLimits.predictionsPerReleaseMax,
    ageMsMax: number = feedbackLimits.predictionAgeMsMax,
  ) {
    this.#max = max;
    this.#ageMsMax = ageMsMax;
  }

  /** An id that comes again stands for its newest request. */
  add(id: string, prediction: Prediction): void {
    this.#predictions.delete(id);
    this.#predictions.set(id, prediction);
    for (const [oldest, { atMs }] of this.#predictions) {
      const isOver = this.#predictions.size > this.#max;
      if (!isOver && prediction.atMs - atMs <= this.#ageMsMax) return;
      this.#predictions.delete(oldest);
    }
  }

  find(id: string, nowMs: number): Prediction | undefined {
    const found = this.#predictions.get(id);
    if (found === undefined || nowMs - found.atMs > this.#ageMsMax) return undefined;
    return found;
  }

  size(): number {
    return this.#predictions.size;
  }
}
