import type { FeatureProfile, NumericSketch } from "@modelfleet/protocol";
import { binAmong } from "./bin-of.ts";
import { addTo, createSums, totalOf } from "./compensated-sum.ts";

/** Counts one feature of the open window in memory of fixed size. */
export interface NumericCounter {
  /** The value at a place of an array: a number that is handed over by itself may be boxed, which costs more than the rest. */
  readonly addAt: (values: Float64Array, at: number) => void;
  /** The item has no such value. */
  readonly addMissing: () => void;
  /** The counts so far; then everything is zero again. */
  readonly take: () => NumericSketch;
}

/** Arrays that many counters share: an array of its own for each number of each counter would take more than what is in it. */
export interface CounterStore {
  readonly edges: Float64Array;
  /** Sum and sum of squares of each counter. */
  readonly sums: Float64Array;
  /** The reference's least and most, and those that came. */
  readonly bounds: Float64Array;
  /** Below, the bins, above, not a number, missing. */
  readonly counts: Uint32Array;
  /** What is in use of them. */
  counters: number;
  edgesUsed: number;
  countsUsed: number;
}

// The wire carries bounds as float32; what does not fit is counted as not a number.
const MAGNITUDE_MAX = 3.4028234663852886e38;

/** Beside the bins: below, above, not a number and missing. */
const OTHER_COUNTS = 4;

/** Room for a counter of each feature. */
export function createCounterStore(features: readonly FeatureProfile[]): CounterStore {
  const edges = features.reduce((sum, feature) => sum + feature.edges.length, 0);
  const counts = features.reduce((sum, feature) => sum + feature.counts.length + OTHER_COUNTS, 0);
  return {
    edges: new Float64Array(edges),
    sums: createSums(2 * features.length),
    bounds: new Float64Array(4 * features.length),
    // A window has fewer items than fit 32 bits (`itemsPerWindowMax`).
    counts: new Uint32Array(counts),
    ...{ counters: 0, edgesUsed: 0, countsUsed: 0 },
  };
}

/** @param feature its reference: edges strictly rising, min ≤ max; shape of the counts is [bins + 2] */
export function createNumericCounter(
  feature: FeatureProfile,
  store: CounterStore = createCounterStore([feature]),
): NumericCounter {
  return new StoredCounter(feature, store);
}

class StoredCounter implements NumericCounter {
  readonly #store: CounterStore;
  /** Number of the counter, and where it stands in what has no fixed width. */
  readonly #which: number;
  readonly #edgesAt: number;
  readonly #countsAt: number;
  readonly #bins: number;

  constructor({ edges, counts, min, max }: FeatureProfile, store: CounterStore) {
    this.#store = store;
    this.#which = store.counters;
    this.#edgesAt = store.edgesUsed;
    this.#countsAt = store.countsUsed;
    this.#bins = counts.length;
    store.edges.set(edges, store.edgesUsed);
    store.bounds.set([min, max], 4 * store.counters);
    store.counters += 1;
    store.edgesUsed += edges.length;
    store.countsUsed += counts.length + OTHER_COUNTS;
    this.#clear();
  }

  addAt(values: Float64Array, at: number): void {
    const value = values[at] ?? Number.NaN;
    const { sums, bounds } = this.#store;
    if (!(Math.abs(value) <= MAGNITUDE_MAX)) {
      this.#count(this.#bins + 2);
      return;
    }
    this.#count(this.#placeOf(value));
    const sum = 2 * this.#which;
    addTo(sums, sum, value);
    addTo(sums, sum + 1, value * value);
    const least = 4 * this.#which + 2;
    if (value < (bounds[least] ?? 0)) bounds[least] = value;
    if (value > (bounds[least + 1] ?? 0)) bounds[least + 1] = value;
  }

  addMissing(): void {
    this.#count(this.#bins + 3);
  }

  take(): NumericSketch {
    const { sums, bounds, counts } = this.#store;
    const above = this.#countsAt + this.#bins + 2;
    const sketch = {
      counts: Array.from(counts.subarray(this.#countsAt, above)),
      nan: counts[above] ?? 0,
      missing: counts[above + 1] ?? 0,
      sum: totalOf(sums, 2 * this.#which),
      sumOfSquares: totalOf(sums, 2 * this.#which + 1),
      min: boundOf(bounds[4 * this.#which + 2]),
      max: boundOf(bounds[4 * this.#which + 3]),
    };
    this.#clear();
    return sketch;
  }

  #placeOf(value: number): number {
    const { bounds, edges } = this.#store;
    if (value < (bounds[4 * this.#which] ?? 0)) return 0;
    if (value > (bounds[4 * this.#which + 1] ?? 0)) return this.#bins + 1;
    return 1 + binAmong(edges, value, this.#edgesAt, this.#bins - 1);
  }

  #count(place: number): void {
    const { counts } = this.#store;
    counts[this.#countsAt + place] = (counts[this.#countsAt + place] ?? 0) + 1;
  }

  #clear(): void {
    const { sums, bounds, counts } = this.#store;
    sums.fill(0, 4 * this.#which, 4 * this.#which + 4);
    bounds[4 * this.#which + 2] = Number.POSITIVE_INFINITY;
    bounds[4 * this.#which + 3] = Number.NEGATIVE_INFINITY;
    counts.fill(0, this.#countsAt, this.#countsAt + this.#bins + OTHER_COUNTS);
  }
}

/** Adding 0 turns −0 into 0, so that equal windows are equal bytes. */
function boundOf(value = 0): number {
  return Number.isFinite(value) ? Math.fround(value) + 0 : 0;
}
