import {
  type ErrorCount,
  mergeLatencyBuckets,
  type NumericSketch,
  type OutputSketch,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { type ExactSum, exactSum } from "./exact-sum.ts";
import type { MergedSketch, MergedTelemetry } from "./merged-telemetry.ts";
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
  };
}

function exactSketch(sketch: NumericSketch): MergedSketch {
  return {
    ...sketch,
    sum: exactSum([sketch.sum]),
    sumOfSquares: exactSum([sketch.sumOfSquares]),
  };
}

/** Sketches of one index together; parts without a profile have none and add none. */
function columns<Sketch>(rows: readonly (readonly Sketch[])[]): Sketch[][] {
  const filled = rows.filter((row) => row.length > 0);
  const width = filled[0]?.length ?? 0;
  checkSame(filled.map((row) => row.length));
  return Array.from({ length: width }, (_, i) => filled.flatMap((row) => row[i] ?? []));
}

function mergedSketch(sketches: readonly MergedSketch[]): MergedSketch {
  const filled = sketches.filter(({ counts }) => counts.some((count) => count > 0));
  return {
    counts: mergedCounts(sketches.map((sketch) => sketch.counts)),
    nan: total(sketches.map((sketch) => sketch.nan)),
    missing: total(sketches.map((sketch) => sketch.missing)),
    sum: mergedSum(sketches.map((sketch) => sketch.sum)),
    sumOfSquares: mergedSum(sketches.map((sketch) => sketch.sumOfSquares)),
    min: least(filled.map((sketch) => sketch.min)) ?? 0,
    max: most(filled.map((sketch) => sketch.max)) ?? 0,
  };
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
