import type { ReferenceProfile } from "@modelfleet/protocol";
import { makeProfile } from "../../controller/src/domain/profile/make-profile.ts";
import type { NumericRows } from "../../controller/src/domain/profile/numeric-reference.ts";
import type { ClassifiedRows } from "../../controller/src/domain/profile/output-reference.ts";
import { argmax } from "./classify.ts";
import { CLASSES, type Digit, PIXELS } from "./dataset.ts";

type Reduce = "mean" | "sd";
type Feature = {
  readonly name: string;
  readonly reduce: Reduce;
  readonly range?: [number, number];
};

/** Four rows of 28 pixels. */
const BAND_PIXELS = 112;
const WINDOW_ITEMS = 500;

/** Each digit is drawn by itself: what order they have is that of a shuffle, or of their ink. */
const calibration = { seed: 7, blockItems: 1, replicates: 10_000, quantile: 0.999 };

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
export function profileFile(
  digits: readonly Digit[],
  chances: readonly Float32Array[],
): ReferenceProfile {
  const reference = {
    rows: digits.length,
    numbers: features.map((feature) => featureRows(feature, digits)),
    categories: [],
    outputs: [outputRows(digits, chances)],
  };
  return makeProfile(reference, { windowItems: WINDOW_ITEMS, calibration }).profile;
}

function featureRows({ name, reduce, range }: Feature, digits: readonly Digit[]): NumericRows {
  const values = digits.map(({ pixels }) => reduced(reduce, pixels.subarray(...(range ?? []))));
  return {
    name,
    source: { tensor: "x", reduce, ...(range && { range }) },
    values: Float64Array.from(values),
    missing: 0,
  };
}

/** In the same order of additions as on a device, or the least and the most would differ in their last digit. */
function reduced(reduce: Reduce, pixels: Float32Array): number {
  const mean = meanOf(pixels);
  return reduce === "mean" ? mean : deviation(pixels, mean);
}

function meanOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Population standard deviation. */
function deviation(values: Float32Array, mean: number): number {
  let sum = 0;
  for (const value of values) sum += (value - mean) ** 2;
  return Math.sqrt(sum / values.length);
}

function outputRows(digits: readonly Digit[], chances: readonly Float32Array[]): ClassifiedRows {
  return {
    name: "digit",
    tensor: "y",
    classes: Array.from({ length: CLASSES }, (_, digit) => String(digit)),
    predicted: Uint8Array.from(chances, argmax),
    labels: Uint8Array.from(digits, ({ label }) => label),
    confidence: Float64Array.from(chances, (row) => Math.max(...row)),
  };
}
