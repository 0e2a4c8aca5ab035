import type { OutputWindow } from "../serving/output-window.ts";
import { spread } from "../serving/spread.ts";
import { binOf, countIn } from "../telemetry/counters/bin-of.ts";
import { distanceMargin } from "./chance.ts";
import { answersPerSample } from "./persistence.ts";

export interface OutputDistance {
  /** Total variation distance of what both have answered, 0 to 1. */
  readonly distance: number;
  /** As much of it may be chance. */
  readonly margin: number;
}

type Answers = Pick<OutputWindow, "kind" | "bins" | "latest">;

/**
 * How differently two releases answer, by one output: the shares of its classes, or the shares of its values between the
 * quantiles of the release before. Half of that one's values draw the quantiles and the other half is counted, so that no
 * value is counted in bins it drew itself; neither half is that of one of two cameras that take turns.
 *
 * Where answers of the release before often repeated the one before them, as many of both count as one. The release on
 * trial is not asked how its own are: one that is stuck must not be excused for that.
 *
 * @param alarm chance that `distance` is further than `margin` above the true distance
 * @returns null where one of them has answered nothing, or they are not of the same kind
 */
export function outputDistance(
  trial: Answers,
  before: Answers,
  alarm: number,
): OutputDistance | null {
  if (trial.kind !== before.kind || trial.bins !== before.bins) return null;
  const [tried, known] = [trial.latest(), before.latest()];
  const drawn = trial.kind === "classes" ? null : drawBins(known);
  const [edges, counted] = drawn === null ? [classEdges(trial.bins), known] : drawn;
  if (tried.length === 0 || counted.length === 0) return null;
  const bins = edges.length + 1;
  const each = answersPerSample(binsOf(known, edges), bins);
  const samples = { trial: tried.length / each, before: counted.length / each, alarm };
  return {
    distance: totalVariation(shares(tried, edges), shares(counted, edges)),
    margin: distanceMargin(samples, bins),
  };
}

/** Half of the summed differences of shares. @param left, right shape [bins], each sums to 1 */
export function totalVariation(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < left.length; i++) sum += Math.abs((left[i] ?? 0) - (right[i] ?? 0));
  return sum / 2;
}

/** In a loop: `Uint16Array.from` asks for each value by a call, and a trial is judged over and over. */
function binsOf(values: Float64Array, edges: Float64Array): Uint16Array {
  const bins = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) bins[i] = binOf(edges, values[i] ?? 0);
  return bins;
}

function shares(values: Float64Array, edges: Float64Array): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  for (const value of values) countIn(counts, binOf(edges, value));
  return counts.map((count) => count / values.length);
}

/** A bin for each class. */
function classEdges(bins: number): Float64Array {
  return Float64Array.from({ length: bins - 1 }, (_, i) => i + 1);
}

const QUANTILES = 8;
const HALF = 0.5;

/** Edges at the quantiles of half of the values, and the values left to count. */
function drawBins(values: Float64Array): readonly [Float64Array, Float64Array] {
  const isDrawing = (i: number) => spread(i) < HALF;
  const drawing = values.filter((_, i) => isDrawing(i)).sort();
  const counted = values.filter((_, i) => !isDrawing(i));
  const edges: number[] = [];
  for (let i = 1; i < QUANTILES; i++) {
    const quantile = drawing[Math.floor((i * drawing.length) / QUANTILES)];
    if (quantile === undefined) continue;
    const last = edges.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (quantile > last) edges.push(quantile);
    // A value so common that two quantiles meet has a bin of its own.
    else if (quantile === last) edges.push(above(quantile));
  }
  return [Float64Array.from(edges), counted];
}

/** A little above: beside a value of this size nothing lies between. */
function above(value: number): number {
  return value + Math.max(Math.abs(value) * Number.EPSILON, Number.MIN_VALUE);
}
