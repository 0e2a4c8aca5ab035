import type { FeatureProfile, NumericSketch } from "@modelfleet/protocol";
import { binOf, countIn } from "./bin-of.ts";
import { addTo, createSums, totalOf } from "./compensated-sum.ts";

/** Counts one feature of the open window in memory of fixed size. */
export interface NumericCounter {
  /** undefined: the item has no such value. */
  readonly add: (value: number | undefined) => void;
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
  let nan = 0;
  let missing = 0;

  function add(value: number | undefined): void {
    if (value === undefined) missing++;
    else if (Math.abs(value) <= MAGNITUDE_MAX) count(value);
    else nan++;
  }

  function count(value: number): void {
    countIn(bins, placeOf(value));
    addTo(sums, SUM, value);
    addTo(sums, SQUARES, value * value);
    if (value < (bounds[LEAST] ?? 0)) bounds[LEAST] = value;
    if (value > (bounds[MOST] ?? 0)) bounds[MOST] = value;
  }

  function placeOf(value: number): number {
    if (value < min) return 0;
    return value > max ? bins.length - 1 : 1 + binOf(edgesOf, value);
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

  return { add, take };
}

/** Adding 0 turns −0 into 0, so that equal windows are equal bytes. */
function boundOf(value = 0): number {
  return Number.isFinite(value) ? Math.fround(value) + 0 : 0;
}
