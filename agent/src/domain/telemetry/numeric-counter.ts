import type { FeatureProfile, NumericSketch } from "@modelfleet/protocol";
import { binOf, countIn } from "./bin-of.ts";
import { addTo, clearSum, totalOf } from "./compensated-sum.ts";

/** Counts one feature of the open window in memory of fixed size. */
export interface NumericCounter {
  /** undefined: the item has no such value. */
  readonly add: (value: number | undefined) => void;
  /** The counts so far; then everything is zero again. */
  readonly take: () => NumericSketch;
}

// The wire carries bounds as float32; what does not fit is counted as not a number.
const MAGNITUDE_MAX = 3.4028234663852886e38;

export function createNumericCounter(feature: FeatureProfile): NumericCounter {
  const edges = Float64Array.from(feature.edges);
  const counts = new Float64Array(feature.counts.length + 2);
  const sum = { value: 0, lost: 0 };
  const squares = { value: 0, lost: 0 };
  const state = {
    nan: 0,
    missing: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
  };

  function add(value: number | undefined): void {
    if (value === undefined) state.missing++;
    else if (Math.abs(value) <= MAGNITUDE_MAX) count(value);
    else state.nan++;
  }

  function count(value: number): void {
    countIn(counts, placeOf(value));
    addTo(sum, value);
    addTo(squares, value * value);
    if (value < state.min) state.min = value;
    if (value > state.max) state.max = value;
  }

  function placeOf(value: number): number {
    if (value < feature.min) return 0;
    return value > feature.max ? counts.length - 1 : 1 + binOf(edges, value);
  }

  function take(): NumericSketch {
    const sketch = {
      counts: Array.from(counts),
      nan: state.nan,
      missing: state.missing,
      sum: totalOf(sum),
      sumOfSquares: totalOf(squares),
      min: boundOf(state.min),
      max: boundOf(state.max),
    };
    clear();
    return sketch;
  }

  function clear(): void {
    counts.fill(0);
    clearSum(sum);
    clearSum(squares);
    state.nan = 0;
    state.missing = 0;
    state.min = Number.POSITIVE_INFINITY;
    state.max = Number.NEGATIVE_INFINITY;
  }

  return { add, take };
}

/** Adding 0 turns −0 into 0, so that equal windows are equal bytes. */
function boundOf(value: number): number {
  return Number.isFinite(value) ? Math.fround(value) + 0 : 0;
}
