import {
  type FeatureProfile,
  learningLimits,
  type QuantileSketch,
  rankTable,
} from "@modelfleet/protocol";
import { roundedSum } from "../../telemetry/exact-sum.ts";
import type { MergedSketch } from "../../telemetry/merged-telemetry.ts";
import { total } from "../../telemetry/total.ts";
import { binOf } from "../bin-of.ts";
import { quantileEdges } from "../quantile-edges.ts";
import { rankedValues } from "./ranked-values.ts";

/** What devices measured of one feature. */
export interface MeasuredFeature {
  readonly merged: MergedSketch | undefined;
  readonly quantiles: QuantileSketch | undefined;
  readonly items: number;
  readonly binsMax: number;
}

/** Below this share of the square of the mean, what two large sums leave of a variance is rounding. */
const CANCELLED_SHARE = 1e-6;

/**
 * The reference of one feature: edges and counts within the error of its quantiles, everything else exact.
 *
 * @returns why not, in words
 */
export function learnFeature(
  { name, source }: FeatureProfile,
  { merged, quantiles, items, binsMax }: MeasuredFeature,
): FeatureProfile | string {
  const counted = total(merged?.counts ?? []);
  if (merged === undefined || counted === 0) return "no item has such a number";
  const { min, max } = merged;
  if (min === null || max === null) return "its release tells no values (strict privacy)";
  if (quantiles === undefined || quantiles.count < learningLimits.itemsMin) {
    const came = quantiles?.count ?? 0;
    return `quantiles of ${came} items came, and it takes those of ${learningLimits.itemsMin}: a device that was offline leaves them out, and windows are kept for 14 days`;
  }
  const edges = quantileEdges(rankedValues(quantiles, learningLimits.rankedValuesMax), binsMax);
  const bins = binnedValues(quantiles, edges);
  return {
    ...{ name, source, edges },
    counts: bins.map(({ count }) => count),
    ...momentsOf(merged, { counted, quantiles }),
    ...{ min, max, binMeans: bins.map(({ mean }) => Math.min(Math.max(mean, min), max)) },
    missingShare: merged.missing / items,
    nanShare: merged.nan / items,
  };
}

interface Bin {
  readonly count: number;
  readonly mean: number;
}

function binnedValues(sketch: QuantileSketch, edges: readonly number[]): readonly Bin[] {
  const counts = new Float64Array(edges.length + 1);
  const means = new Float64Array(edges.length + 1);
  for (const { value, weight } of weighted(sketch)) {
    const bin = binOf(edges, value);
    const count = (counts[bin] ?? 0) + weight;
    counts[bin] = count;
    means[bin] = (means[bin] ?? 0) + ((value - (means[bin] ?? 0)) * weight) / count;
  }
  return Array.from(counts, (count, bin) => ({ count, mean: means[bin] ?? 0 }));
}

interface CountedValues {
  readonly counted: number;
  readonly quantiles: QuantileSketch;
}

/** Of the population; from the sums, and where these cancel each other out, from the values that the sketch holds. */
function momentsOf(
  { sum, sumOfSquares }: MergedSketch,
  { counted, quantiles }: CountedValues,
): { readonly mean: number; readonly sd: number } {
  const mean = roundedSum(sum) / counted;
  const variance = roundedSum(sumOfSquares) / counted - mean * mean;
  if (variance > CANCELLED_SHARE * mean * mean) return { mean, sd: Math.sqrt(variance) };
  let squares = 0;
  for (const { value, weight } of weighted(quantiles)) squares += weight * (value - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / quantiles.count) };
}

function* weighted(sketch: QuantileSketch) {
  const { values, ranks } = rankTable(sketch);
  let before = 0;
  for (const [at, value] of values.entries()) {
    const rank = ranks[at] ?? before;
    yield { value, weight: rank - before };
    before = rank;
  }
}
