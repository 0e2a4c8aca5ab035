import {
  type CategoricalSketch,
  type FeatureProfile,
  type NumericSketch,
  type OutputSketch,
  type ReferenceProfile,
  telemetryLimits,
} from "@modelfleet/protocol";

/** What may be told of values (telemetry.md 2.8). */
export interface SketchPrivacy {
  /** Nothing that is a value itself: no bounds, no sums of values, nothing about words that the profile does not know. */
  readonly isStrict: boolean;
  /** Noise on every count; implies strict. */
  readonly noise: { readonly epsilon: number; readonly draw: () => number } | null;
}

/** The sketches of one window, in the order of its profile. */
export interface Sketches {
  readonly features: readonly NumericSketch[];
  readonly outputs: readonly OutputSketch[];
  readonly categories: readonly CategoricalSketch[];
}

/** What of the sketches may leave the device. Everything is told when nothing is asked for. */
export function guardSketches(
  sketches: Sketches,
  { features }: Pick<ReferenceProfile, "features">,
  privacy: SketchPrivacy,
): Sketches {
  if (!privacy.isStrict && privacy.noise === null) return sketches;
  const noised = withNoise(privacy.noise?.draw ?? (() => 0));
  return {
    features: sketches.features.map((sketch, i) => guarded(sketch, features[i], noised)),
    outputs: sketches.outputs.map(({ classCounts, confidenceCounts }) => ({
      classCounts: classCounts.map(noised),
      confidenceCounts: confidenceCounts.map(noised),
    })),
    categories: sketches.categories.map(({ counts, missing }) => ({
      counts: counts.map(noised),
      missing: noised(missing),
      distinctOther: new Uint8Array(0),
    })),
  };
}

/** Histograms that noise lies on in a window of this profile: a window costs ε for each. */
export function histogramsOf({ features, outputs, categories = [] }: ReferenceProfile): number {
  return features.length + 2 * outputs.length + categories.length;
}

function withNoise(draw: () => number): (count: number) => number {
  const max = telemetryLimits.itemsPerWindowMax;
  // What the wire cannot carry is cut off after the noise, which hides no less for it.
  return (count) => Math.min(Math.max(count + draw(), -max), max);
}

/** The sums are worked out from what leaves the device anyway, so they tell nothing more. */
function guarded(
  { counts, nan, missing }: NumericSketch,
  feature: FeatureProfile | undefined,
  noised: (count: number) => number,
): NumericSketch {
  const told = { counts: counts.map(noised), nan: noised(nan), missing: noised(missing) };
  const values = feature === undefined ? [] : binValues(feature);
  let sum = 0;
  let sumOfSquares = 0;
  for (const [bin, count] of told.counts.entries()) {
    const value = values[bin] ?? 0;
    sum += count * value;
    sumOfSquares += count * value * value;
  }
  return { ...told, sum, sumOfSquares, min: null, max: null };
}

/** What stands for a value of each bin: the reference's mean there, else the middle; outside, the reference's bounds. */
function binValues({ edges, binMeans, min, max }: FeatureProfile): readonly number[] {
  const bounds = [min, ...edges.map((edge) => Math.min(Math.max(edge, min), max)), max];
  const middles = bounds.slice(1).map((upper, i) => ((bounds[i] ?? upper) + upper) / 2);
  return [min, ...(binMeans ?? middles), max];
}
