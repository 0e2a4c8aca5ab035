import type {
  FeatureProfile,
  NumericSketch,
  OutputProfile,
  OutputSketch,
  ReferenceProfile,
  TelemetryWindow,
} from "@modelfleet/protocol";
import { total } from "./total.ts";
import { contradiction, type RefusedWindow, refused } from "./window-verdict.ts";

/** What in the sketches contradicts the profile, the number of items or itself. */
export function sketchesRefusal(
  window: TelemetryWindow,
  reference: ReferenceProfile | undefined,
): RefusedWindow | undefined {
  const features = window.profile === null ? [] : (reference?.features ?? []);
  const outputs = window.profile === null ? [] : (reference?.outputs ?? []);
  return (
    lengthRefusal("features", window.features, features) ??
    lengthRefusal("outputs", window.outputs, outputs) ??
    first(window.features, (sketch, i) =>
      sketchRefusal(sketch, features[i], { items: window.items, place: `features[${i}]` }),
    ) ??
    first(window.outputs, (output, i) =>
      outputRefusal(output, outputs[i], { items: window.items, place: `outputs[${i}]` }),
    )
  );
}

interface Expected {
  readonly items: number;
  readonly place: string;
}

function sketchRefusal(
  sketch: NumericSketch,
  feature: FeatureProfile | undefined,
  { items, place }: Expected,
): RefusedWindow | undefined {
  const bins = new Array<number>((feature?.counts.length ?? 0) + 2);
  const wrongBins = lengthRefusal(`${place}.counts`, sketch.counts, bins);
  if (wrongBins !== undefined) return wrongBins;
  const counted = total(sketch.counts);
  const all = counted + sketch.nan + sketch.missing;
  if (all !== items) return contradiction(`${place}.counts + nan + missing`, items, all);
  if (sketch.min > sketch.max)
    return contradiction(`${place}.min`, `at most ${sketch.max}`, sketch.min);
  return sumsRefusal(sketch, counted, place);
}

/** The mean lies between the bounds; half a float32 step and the rounding of a long sum are allowed for. */
function sumsRefusal(
  sketch: NumericSketch,
  counted: number,
  place: string,
): RefusedWindow | undefined {
  const { min, max, sum, sumOfSquares } = sketch;
  const slack = Math.max(Math.abs(min), Math.abs(max)) * 1e-6 + Number.MIN_VALUE;
  const low = counted * (min - slack);
  const high = counted * (max + slack);
  if (sum < low || sum > high) return contradiction(`${place}.sum`, `${low} to ${high}`, sum);
  const mostSquares = counted * (Math.max(Math.abs(min), Math.abs(max)) + slack) ** 2;
  if (sumOfSquares >= 0 && sumOfSquares <= mostSquares) return undefined;
  return contradiction(`${place}.sumOfSquares`, `0 to ${mostSquares}`, sumOfSquares);
}

function outputRefusal(
  output: OutputSketch,
  profile: OutputProfile | undefined,
  { items, place }: Expected,
): RefusedWindow | undefined {
  const wrongBins =
    lengthRefusal(`${place}.classCounts`, output.classCounts, profile?.counts ?? []) ??
    lengthRefusal(
      `${place}.confidenceCounts`,
      output.confidenceCounts,
      profile?.confidence.counts ?? [],
    );
  if (wrongBins !== undefined) return wrongBins;
  const classes = total(output.classCounts);
  if (classes > items) return contradiction(`${place}.classCounts`, `at most ${items}`, classes);
  const confidences = total(output.confidenceCounts);
  if (confidences === classes) return undefined;
  return contradiction(`${place}.confidenceCounts`, classes, confidences);
}

function lengthRefusal(
  name: string,
  got: { readonly length: number },
  expected: { readonly length: number },
): RefusedWindow | undefined {
  if (got.length === expected.length) return undefined;
  return refused("BINS", `${name}: expected ${expected.length} entries, got ${got.length}`);
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
