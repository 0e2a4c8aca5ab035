import { argmax } from "./classify.ts";
import { CLASSES, type Digit, PIXELS } from "./dataset.ts";

type Reduce = "mean" | "sd";
type Feature = {
  readonly name: string;
  readonly reduce: Reduce;
  readonly range?: readonly [number, number];
};

/** Four rows of 28 pixels. */
const BAND_PIXELS = 112;
const BINS = 20;
const CONFIDENCE_BINS = 50;

/** Ink of the whole digit and of each seventh of its height: a shift, a smear or an inversion moves some of them. */
const features: readonly Feature[] = [
  { name: "ink.mean", reduce: "mean" },
  { name: "ink.sd", reduce: "sd" },
  ...Array.from(
    { length: PIXELS / BAND_PIXELS },
    (_, band): Feature => ({
      name: `ink.band${band}`,
      reduce: "mean",
      range: [BAND_PIXELS * band, BAND_PIXELS * (band + 1)],
    }),
  ),
];

/** `profile.json`: what the training digits look like, and what the release answers to them. */
export function profileFile(digits: readonly Digit[], chances: readonly Float32Array[]): object {
  return {
    spec: 1,
    samples: digits.length,
    features: features.map((feature) => featureProfile(feature, digits)),
    outputs: [outputProfile(chances)],
  };
}

function featureProfile({ name, reduce, range }: Feature, digits: readonly Digit[]): object {
  const values = digits.map(({ pixels }) => reduced(reduce, pixels.subarray(...(range ?? []))));
  values.sort((left, right) => left - right);
  const edges = quantileEdges(values);
  const mean = meanOf(values);
  return {
    name,
    source: { tensor: "x", reduce, ...(range && { range }) },
    edges,
    counts: histogram(values, edges),
    mean: rounded(mean),
    sd: rounded(deviation(values, mean)),
    min: rounded(values[0] ?? 0),
    max: rounded(values.at(-1) ?? 0),
  };
}

function reduced(reduce: Reduce, pixels: Float32Array): number {
  const mean = meanOf(pixels);
  return reduce === "mean" ? mean : deviation(pixels, mean);
}

function meanOf(values: Float32Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Population standard deviation. */
function deviation(values: Float32Array | readonly number[], mean: number): number {
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return Math.sqrt(sum / values.length);
}

/**
 * Interior quantiles, strictly rising: equal ones collapse, as does one equal to the minimum,
 * below which nothing was seen.
 */
function quantileEdges(sorted: readonly number[]): number[] {
  const edges: number[] = [];
  for (let bin = 1; bin < BINS; bin++) {
    const edge = rounded(sorted[Math.floor((bin * sorted.length) / BINS)] ?? 0);
    if (edge > (edges.at(-1) ?? rounded(sorted[0] ?? 0))) edges.push(edge);
  }
  return edges;
}

/** Bin i counts the values in [edges[i−1], edges[i]). */
function histogram(values: readonly number[], edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) {
    const above = edges.findIndex((edge) => value < edge);
    const bin = above === -1 ? edges.length : above;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function outputProfile(chances: readonly Float32Array[]): object {
  const predictions = chances.map(argmax);
  const classes = Array.from({ length: CLASSES }, (_, digit) => digit);
  const edges = Array.from({ length: CONFIDENCE_BINS - 1 }, (_, i) => (i + 1) / CONFIDENCE_BINS);
  return {
    name: "digit",
    source: { tensor: "y" },
    kind: "classification",
    classes: classes.map(String),
    counts: classes.map((digit) => predictions.filter((prediction) => prediction === digit).length),
    confidence: {
      edges,
      counts: histogram(
        chances.map((row) => Math.max(...row)),
        edges,
      ),
    },
  };
}

/** Six decimals: an edge then falls between two digits, so that another order of summing cannot move one across it. */
function rounded(value: number): number {
  return Number(value.toFixed(6));
}
