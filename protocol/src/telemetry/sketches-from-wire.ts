import { telemetryLimits } from "../limits.ts";
import { distinctLimits } from "./distinct-sketch.ts";
import { quantileLimits } from "./quantile-sketch/quantile-sketch.ts";
import type {
  CategoricalSketch as WireCategory,
  OutputSketch as WireOutput,
  NumericSketch as WireSketch,
} from "./telemetry_pb.ts";
import type { CategoricalSketch, NumericSketch, OutputSketch } from "./window.ts";
import {
  checkLength,
  countOf,
  countsOf,
  finiteOf,
  noisedOf,
  refused,
  type WireField,
} from "./wire-check.ts";

const ITEMS_MAX = telemetryLimits.itemsPerWindowMax;
const BINS_MAX = telemetryLimits.binsMax + 2;
const WORDS_MAX = telemetryLimits.vocabularyMax + 1;

/** @throws FormatError naming the field, also when exact counts stand where noised ones belong or the reverse */
export function sketchOf(wire: WireSketch, place: string, isNoised: boolean): NumericSketch {
  const field = (name: string) => ({ place, name });
  const bounds = {
    min: finiteOf(wire.min, field("min")),
    max: finiteOf(wire.max, field("max")),
  };
  return {
    ...(isNoised ? noisedCountsOf(wire, place) : exactCountsOf(wire, place)),
    sum: finiteOf(wire.sum, field("sum")),
    sumOfSquares: finiteOf(wire.sumOfSquares, field("sumOfSquares")),
    ...(wire.withoutBounds ? { min: null, max: null } : bounds),
    ...quantilesOf(wire.quantiles, field("quantiles")),
  };
}

function quantilesOf(bytes: Uint8Array, field: WireField) {
  checkLength(bytes, quantileLimits.packedBytesMax, field);
  // A copy: the message's own buffer is not kept alive by it.
  return bytes.length === 0 ? {} : { quantiles: bytes.slice() };
}

function exactCountsOf(wire: WireSketch, place: string) {
  checkLength(wire.noised, 0, { place, name: "noised" });
  return {
    counts: countsOf(wire.counts, bounded(BINS_MAX), { place, name: "counts" }),
    nan: countOf(wire.nan, ITEMS_MAX, { place, name: "nan" }),
    missing: countOf(wire.missing, ITEMS_MAX, { place, name: "missing" }),
  };
}

function noisedCountsOf(wire: WireSketch, place: string) {
  checkLength(wire.counts, 0, { place, name: "counts" });
  const field = { place, name: "noised" };
  const noised = noisedOf(wire.noised, bounded(BINS_MAX + 2), field);
  const counts = noised.slice(0, -2);
  const [nan, missing] = noised.slice(-2);
  if (nan === undefined || missing === undefined) throw refused(field, "2 or more", noised.length);
  return { counts, nan, missing };
}

/** @throws FormatError naming the field */
export function categoryOf(
  wire: WireCategory,
  place: string,
  isNoised: boolean,
): CategoricalSketch {
  return {
    ...(isNoised ? noisedWordsOf(wire, place) : exactWordsOf(wire, place)),
    distinctOther: distinctOf(wire.distinctOther, place),
  };
}

function exactWordsOf(wire: WireCategory, place: string) {
  checkLength(wire.noised, 0, { place, name: "noised" });
  return {
    counts: countsOf(wire.counts, bounded(WORDS_MAX), { place, name: "counts" }),
    missing: countOf(wire.missing, ITEMS_MAX, { place, name: "missing" }),
  };
}

function noisedWordsOf(wire: WireCategory, place: string) {
  checkLength(wire.counts, 0, { place, name: "counts" });
  const field = { place, name: "noised" };
  const noised = noisedOf(wire.noised, bounded(WORDS_MAX + 1), field);
  const missing = noised.at(-1);
  if (missing === undefined) throw refused(field, "1 or more", 0);
  return { counts: noised.slice(0, -1), missing };
}

function distinctOf(bytes: Uint8Array, place: string): Uint8Array {
  const { packedBytes } = distinctLimits;
  // A copy: the message's own buffer is not kept alive by it.
  if (bytes.length === 0 || bytes.length === packedBytes) return bytes.slice();
  throw refused({ place, name: "distinctOther" }, `0 or ${packedBytes} bytes`, bytes.length);
}

/** @throws FormatError naming the field */
export function outputOf(wire: WireOutput, place: string, isNoised: boolean): OutputSketch {
  const field = (name: string) => ({ place, name });
  const classes = bounded(telemetryLimits.classesMax);
  const bins = bounded(telemetryLimits.binsMax);
  checkLength(isNoised ? wire.classCounts : wire.noisedClassCounts, 0, field("classCounts"));
  checkLength(
    isNoised ? wire.confidenceCounts : wire.noisedConfidenceCounts,
    0,
    field("confidenceCounts"),
  );
  if (isNoised) {
    return {
      classCounts: noisedOf(wire.noisedClassCounts, classes, field("noisedClassCounts")),
      confidenceCounts: noisedOf(
        wire.noisedConfidenceCounts,
        bins,
        field("noisedConfidenceCounts"),
      ),
    };
  }
  return {
    classCounts: countsOf(wire.classCounts, classes, field("classCounts")),
    confidenceCounts: countsOf(wire.confidenceCounts, bins, field("confidenceCounts")),
  };
}

function bounded(length: number) {
  return { length, each: ITEMS_MAX };
}
