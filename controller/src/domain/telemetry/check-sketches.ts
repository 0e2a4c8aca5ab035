import type {
  FeatureProfile,
  NumericSketch,
  OutputProfile,
  OutputSketch,
  ReferenceProfile,
  TelemetryWindow,
} from "@modelfleet/protocol";
import { categoryRefusal } from "./check-category.ts";
import { countsRefusal, type Expected, noisedRefusal } from "./check-counts.ts";
import { quantilesRefusal } from "./check-quantiles.ts";
import { total } from "./total.ts";
import { contradiction, lengthRefusal, type RefusedWindow } from "./window-verdict.ts";

/** What in the sketches contradicts the profile, the number of items or itself. */
export function sketchesRefusal(
  window: TelemetryWindow,
  reference: ReferenceProfile | undefined,
): RefusedWindow | undefined {
  const known = window.profile === null ? undefined : reference;
  const { features = [], outputs = [], categories = [] } = known ?? {};
  const { items, epsilon } = window;
  const at = (name: string, i: number): Expected => ({ items, epsilon, place: `${name}[${i}]` });
  return (
    lengthRefusal("features", window.features, features) ??
    lengthRefusal("outputs", window.outputs, outputs) ??
    lengthRefusal("categories", window.categories, categories) ??
    first(window.features, (sketch, i) => sketchRefusal(sketch, features[i], at("features", i))) ??
    first(window.outputs, (output, i) => outputRefusal(output, outputs[i], at("outputs", i))) ??
    first(window.categories, (sketch, i) =>
      categoryRefusal(sketch, categories[i], at("categories", i)),
    )
  );
}

function sketchRefusal(
  sketch: NumericSketch,
  feature: FeatureProfile | undefined,
  expected: Expected,
): RefusedWindow | undefined {
  const { place } = expected;
  const bins = new Array<number>((feature?.counts.length ?? 0) + 2);
  const refusal =
    lengthRefusal(`${place}.counts`, sketch.counts, bins) ??
    countsRefusal([...sketch.counts, sketch.nan, sketch.missing], {
      ...expected,
      place: `${place}.counts + nan + missing`,
    });
  if (refusal !== undefined || feature === undefined) return refusal;
  return (
    boundedSumsRefusal(sketch, place) ??
    unboundedSumsRefusal(sketch, feature, expected) ??
    quantilesRefusal(sketch, feature, place)
  );
}

/** The mean lies between the bounds; half a float32 step and the rounding of a long sum are allowed for. */
function boundedSumsRefusal(sketch: NumericSketch, place: string): RefusedWindow | undefined {
  const { min, max, sum, sumOfSquares } = sketch;
  if (min === null || max === null) return undefined;
  if (min > max) return contradiction(`${place}.min`, `at most ${max}`, min);
  const counted = total(sketch.counts);
  const slack = slackOf(min, max);
  const low = counted * (min - slack);
  const high = counted * (max + slack);
  if (sum < low || sum > high) return contradiction(`${place}.sum`, `${low} to ${high}`, sum);
  const mostSquares = counted * (Math.max(Math.abs(min), Math.abs(max)) + slack) ** 2;
  if (sumOfSquares >= 0 && sumOfSquares <= mostSquares) return undefined;
  return contradiction(`${place}.sumOfSquares`, `0 to ${mostSquares}`, sumOfSquares);
}

/** Without bounds (strict privacy) the sums are those of the bins' own means, which lie within the reference. */
function unboundedSumsRefusal(
  sketch: NumericSketch,
  feature: FeatureProfile,
  { place, epsilon }: Expected,
): RefusedWindow | undefined {
  if (sketch.min !== null && sketch.max !== null) {
    return epsilon === null ? undefined : contradiction(`${place}.min`, "none", sketch.min);
  }
  const counted = total(sketch.counts.map(Math.abs));
  const farthest =
    Math.max(Math.abs(feature.min), Math.abs(feature.max)) + slackOf(feature.min, feature.max);
  const sumMax = counted * farthest;
  if (Math.abs(sketch.sum) > sumMax) {
    return contradiction(`${place}.sum`, `within ±${sumMax}`, sketch.sum);
  }
  const squaresMax = sumMax * farthest;
  if (Math.abs(sketch.sumOfSquares) <= squaresMax) return undefined;
  return contradiction(`${place}.sumOfSquares`, `within ±${squaresMax}`, sketch.sumOfSquares);
}

function slackOf(min: number, max: number): number {
  return Math.max(Math.abs(min), Math.abs(max)) * 1e-6 + Number.MIN_VALUE;
}

function outputRefusal(
  output: OutputSketch,
  profile: OutputProfile | undefined,
  { items, epsilon, place }: Expected,
): RefusedWindow | undefined {
  const wrongBins =
    lengthRefusal(`${place}.classCounts`, output.classCounts, profile?.counts ?? []) ??
    lengthRefusal(
      `${place}.confidenceCounts`,
      output.confidenceCounts,
      profile?.confidence.counts ?? [],
    );
  if (wrongBins !== undefined) return wrongBins;
  if (epsilon !== null) {
    const counts = [...output.classCounts, ...output.confidenceCounts];
    return noisedRefusal(counts, { items, epsilon, place });
  }
  const classes = total(output.classCounts);
  if (classes > items) return contradiction(`${place}.classCounts`, `at most ${items}`, classes);
  const confidences = total(output.confidenceCounts);
  if (confidences === classes) return undefined;
  return contradiction(`${place}.confidenceCounts`, classes, confidences);
}

function first<Item>(
  items: readonly Item[],
  refusalOf: (item: Item, index: number) => RefusedWindow | undefined,
): RefusedWindow | undefined {
  for (const [i, item] of items.entries()) {
    const refusal = refusalOf(item, i);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}
