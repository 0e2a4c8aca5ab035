import type { FeatureProfile, NumericSketch } from "@modelfleet/protocol";
import { binOf, countIn } from "./bin-of.ts";
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

// The wire carries bounds as float32; what does not fit is counted as not a number.
const MAGNITUDE_MAX = 3.4028234663852886e38;

const SUM = 0;
const SQUARES = 1;
const LEAST = 0;
const MOST = 1;
const EMPTY_BOUNDS = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;

/** @param feature its reference: edges strictly rising, min ≤ max; shape of the counts is [bins + 2] */
export function createNumericCounter({ edges, counts, min, max }: FeatureProfile): NumericCounter {
  const edgesOf = Float64Array.from(edges);
  const bins = new Float64Array(counts.length + 2);
  const sums = createSums(2);
  const bounds = Float64Array.from(EMPTY_BOUNDS);
  const last = bins.length - 1;
  let nan = 0;
  let missing = 0;

  function addAt(values: Float64Array, at: number): void {
    const value = values[at] ?? Number.NaN;
    if (!(Math.abs(value) <= MAGNITUDE_MAX)) {
      nan++;
      return;
    }
    const inside = value > max ? last : 1 + binOf(edgesOf, value);
    countIn(bins, value < min ? 0 : inside);
    addTo(sums, SUM, value);
    addTo(sums, SQUARES, value * value);
    if (value < (bounds[LEAST] ?? 0)) bounds[LEAST] = value;
    if (value > (bounds[MOST] ?? 0)) bounds[MOST] = value;
  }

  function addMissing(): void {
    missing++;
  }

  function take(): NumericSketch {
    const sketch = {
      counts: Array.from(bins),
      nan,
      missing,
      sum: totalOf(sums, SUM),
      sumOfSquares: totalOf(sums, SQUARES),
      min: boundOf(bounds[LEAST]),
      max: boundOf(bounds[MOST]),
    };
    clear();
    return sketch;
  }

  function clear(): void {
    bins.fill(0);
    sums.fill(0);
    bounds.set(EMPTY_BOUNDS);
    nan = 0;
    missing = 0;
  }

  return { addAt, addMissing, take };
}

/** Adding 0 turns −0 into 0, so that equal windows are equal bytes. */
function boundOf(value = 0): number {
  return Number.isFinite(value) ? Math.fround(value) + 0 : 0;
}
