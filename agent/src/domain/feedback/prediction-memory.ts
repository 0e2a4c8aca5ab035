import { feedbackLimits } from "@modelfleet/protocol";

/**
 * Classes of the items of one answer, or labels for them: a character an item, whose code is the class. Texts of one
 * character take no room of their own, and most answers have one item.
 */
export type ItemClasses = string;

/** What a release said to one request, as far as labels need it. */
export interface Prediction {
  /** Start of the window it was counted in, Unix ms. */
  readonly windowStartMs: number;
  /** By a clock that never goes back. */
  readonly atMs: number;
  /** By output of the profile; `noClass` where an item has none. */
  readonly classes: readonly ItemClasses[];
  /** The labels it was given, by output. */
  labels: ReadonlyMap<number, ItemClasses> | null;
}

/** Of an item that is counted nowhere, and of a label that nobody knows. Classes are at most 64. */
export const noClass = 0xff;

export interface MemoryLimits {
  readonly predictionsMax: number;
  /** Items of all of them. */
  readonly itemsMax: number;
  readonly ageMsMax: number;
}

const limits: MemoryLimits = {
  predictionsMax: feedbackLimits.predictionsPerReleaseMax,
  itemsMax: feedbackLimits.itemsPerReleaseMax,
  ageMsMax: feedbackLimits.predictionAgeMsMax,
};

interface Remembered {
  readonly id: string;
  readonly prediction: Prediction;
}

/** The newest predictions of one release by the id of their request: so many, and none too old. */
export class PredictionMemory {
  readonly #limits: MemoryLimits;
  readonly #byId = new Map<string, Prediction>();
  /** In the order they came, in a ring: a map that is emptied at its front is searched through at every look. */
  readonly #ring: (Remembered | undefined)[] = [];
  #first = 0;
  #count = 0;
  #items = 0;

  constructor(changes: Partial<MemoryLimits> = {}) {
    this.#limits = { ...limits, ...changes };
  }

  /** An id that comes again stands for its newest request. */
  add(id: string, prediction: Prediction): void {
    const { predictionsMax } = this.#limits;
    while (this.#count > 0 && this.#mustGo(prediction)) this.#forgetFirst();
    this.#ring[(this.#first + this.#count) % predictionsMax] = { id, prediction };
    this.#count += 1;
    this.#items += itemsOf(prediction);
    this.#byId.set(id, prediction);
  }

  find(id: string, nowMs: number): Prediction | undefined {
    const found = this.#byId.get(id);
    if (found === undefined || nowMs - found.atMs > this.#limits.ageMsMax) return undefined;
    return found;
  }

  /** Whether the oldest leaves no room for this one, or is too old. */
  #mustGo(next: Prediction): boolean {
    const { predictionsMax, itemsMax, ageMsMax } = this.#limits;
    if (this.#count >= predictionsMax || this.#items + itemsOf(next) > itemsMax) return true;
    const oldest = this.#ring[this.#first];
    return oldest !== undefined && next.atMs - oldest.prediction.atMs > ageMsMax;
  }

  #forgetFirst(): void {
    const oldest = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) % this.#limits.predictionsMax;
    this.#count -= 1;
    if (oldest === undefined) return;
    const { id, prediction } = oldest;
    this.#items -= itemsOf(prediction);
    // Its id may stand for a newer one.
    if (this.#byId.get(id) === prediction) this.#byId.delete(id);
  }
}

function itemsOf({ classes }: Prediction): number {
  return classes.reduce((sum, { length }) => sum + length, 0);
}
