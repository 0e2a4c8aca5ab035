import {
  type CategoricalSketch,
  type ErrorCount,
  mergeLatencyBuckets,
  type NumericSketch,
  type OutputSketch,
  type TelemetryWindow,
  unpackDistinct,
} from "@modelfleet/protocol";
import { type ExactSum, exactSum } from "./exact-sum.ts";
import type { MergedCategory, MergedSketch, MergedTelemetry } from "./merged-telemetry.ts";
import { total } from "./total.ts";

/**
 * Adds up windows of one release. Exact: any order gives the same bytes. Duplicates must be gone before.
 *
 * @throws RangeError when sketches of two profiles meet
 */
export function mergeWindows(windows: readonly TelemetryWindow[]): MergedTelemetry {
  return mergeTelemetry(windows.map(mergedOf));
}

/** Adds up what has been added up; any grouping gives the same bytes. */
export function mergeTelemetry(parts: readonly MergedTelemetry[]): MergedTelemetry {
  return {
    windows: total(parts.map((part) => part.windows)),
    fromMs: least(parts.flatMap((part) => part.fromMs ?? [])),
    untilMs: most(parts.flatMap((part) => part.untilMs ?? [])),
    requests: total(parts.map((part) => part.requests)),
    items: total(parts.map((part) => part.items)),
    errors: mergedErrors(parts.flatMap((part) => part.errors)),
    latency: mergeLatencyBuckets(parts.map((part) => part.latency)),
    latencySumUs: mergedSum(parts.map((part) => part.latencySumUs)),
    features: columns(parts.map((part) => part.features)).map(mergedSketch),
    outputs: columns(parts.map((part) => part.outputs)).map(mergedOutput),
    categories: columns(parts.map((part) => part.categories)).map(mergedCategory),
    noisedWindows: total(parts.map((part) => part.noisedWindows)),
    epsilon: least(parts.flatMap((part) => part.epsilon ?? [])),
  };
}

function mergedOf(window: TelemetryWindow): MergedTelemetry {
  const { requests, items, errors, latency, outputs } = window;
  const { sumUs, ...buckets } = latency;
  return {
    windows: 1,
    fromMs: window.startMs,
    untilMs: window.startMs + window.durationMs,
    requests,
    items,
    errors,
    latency: buckets,
    latencySumUs: exactSum([sumUs]),
    features: window.features.map(exactSketch),
    outputs,
    categories: window.categories.map(openedCategory),
    noisedWindows: window.epsilon === null ? 0 : 1,
    epsilon: window.epsilon,
  };
}

function exactSketch(sketch: NumericSketch): MergedSketch {
  return {
    ...sketch,
    sum: exactSum([sketch.sum]),
    sumOfSquares: exactSum([sketch.sumOfSquares]),
  };
}

function openedCategory({ counts, missing, distinctOther }: CategoricalSketch): MergedCategory {
  const registers = distinctOther.length === 0 ? undefined : unpackDistinct(distinctOther);
  return { counts, missing, distinctOther: Array.from(registers ?? []) };
}

/** Sketches of one index together; parts without a profile have none and add none. */
function columns<Sketch>(rows: readonly (readonly Sketch[])[]): Sketch[][] {
  const filled = rows.filter((row) => row.length > 0);
  const width = filled[0]?.length ?? 0;
  checkSame(filled.map((row) => row.length));
  return Array.from({ length: width }, (_, i) => filled.flatMap((row) => row[i] ?? []));
}

function mergedSketch(sketches: readonly MergedSketch[]): MergedSketch {
  return {
    counts: mergedCounts(sketches.map((sketch) => sketch.counts)),
    nan: total(sketches.map((sketch) => sketch.nan)),
    missing: total(sketches.map((sketch) => sketch.missing)),
    sum: mergedSum(sketches.map((sketch) => sketch.sum)),
    sumOfSquares: mergedSum(sketches.map((sketch) => sketch.sumOfSquares)),
    ...mergedBounds(sketches),
  };
}

function mergedBounds(sketches: readonly MergedSketch[]): Pick<MergedSketch, "min" | "max"> {
  const lows: number[] = [];
  const highs: number[] = [];
  for (const { counts, min, max } of sketches) {
    if (min === null || max === null) return { min: null, max: null };
    if (!counts.some((count) => count > 0)) continue;
    lows.push(min);
    highs.push(max);
  }
  return { min: least(lows) ?? 0, max: most(highs) ?? 0 };
}

function mergedCategory(sketches: readonly MergedCategory[]): MergedCategory {
  return {
    counts: mergedCounts(sketches.map((sketch) => sketch.counts)),
    missing: total(sketches.map((sketch) => sketch.missing)),
    distinctOther: mergedRegisters(sketches.map((sketch) => sketch.distinctOther)),
  };
}

function mergedRegisters(parts: readonly (readonly number[])[]): readonly number[] {
  const filled = parts.filter((registers) => registers.length > 0);
  const [first = []] = filled;
  return first.map((_, i) => most(filled.map((registers) => registers[i] ?? 0)) ?? 0);
}

function mergedOutput(outputs: readonly OutputSketch[]): OutputSketch {
  return {
    classCounts: mergedCounts(outputs.map((output) => output.classCounts)),
    confidenceCounts: mergedCounts(outputs.map((output) => output.confidenceCounts)),
  };
}

function mergedCounts(rows: readonly (readonly number[])[]): readonly number[] {
  checkSame(rows.map((row) => row.length));
  const counts = new Array<number>(rows[0]?.length ?? 0).fill(0);
  for (const row of rows) {
    for (const [i, count] of row.entries()) counts[i] = (counts[i] ?? 0) + count;
  }
  return counts;
}

function mergedErrors(errors: readonly ErrorCount[]): readonly ErrorCount[] {
  const counts = new Map<string, number>();
  for (const { code, count } of errors) counts.set(code, (counts.get(code) ?? 0) + count);
  const merged = Array.from(counts, ([code, count]) => ({ code, count }));
  return merged.sort((a, b) => (a.code < b.code ? -1 : 1));
}

function mergedSum(sums: readonly ExactSum[]): ExactSum {
  return exactSum(sums.flat());
}

function checkSame(lengths: readonly number[]): void {
  const other = lengths.find((length) => length !== lengths[0]);
  if (other === undefined) return;
  throw new RangeError(`expected windows of one profile: ${lengths[0] ?? 0} entries, got ${other}`);
}

function least(values: readonly number[]): number | null {
  return values.reduce<number | null>((a, b) => (a === null ? b : Math.min(a, b)), null);
}

function most(values: readonly number[]): number | null {
  return values.reduce<number | null>((a, b) => (a === null ? b : Math.max(a, b)), null);
}
