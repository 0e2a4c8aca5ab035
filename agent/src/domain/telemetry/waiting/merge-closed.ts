import {
  type CategoricalSketch,
  createDistinct,
  type ErrorCount,
  type LatencyHistogram,
  mergeDistinct,
  mergeLatencyBuckets,
  type NumericSketch,
  type OutputSketch,
  packDistinct,
  type TelemetryWindow,
  telemetryLimits,
  unpackDistinct,
} from "@modelfleet/protocol";

const OTHER = "OTHER";

/** Whether two windows are of one release, one kind and small enough together. */
export function canMerge(earlier: TelemetryWindow, later: TelemetryWindow): boolean {
  const { windowMsMax, requestsPerWindowMax, itemsPerWindowMax } = telemetryLimits;
  return (
    kindOf(earlier) === kindOf(later) &&
    spanOf(earlier, later).durationMs <= windowMsMax &&
    earlier.requests + later.requests <= requestsPerWindowMax &&
    earlier.items + later.items <= itemsPerWindowMax
  );
}

/**
 * Two windows for which `canMerge` holds as one: every count is the sum of theirs. The quantiles of a profile that asks for
 * them are left out, for which of them stay depends on the order of merging; the counts by bin stay exact.
 */
export function mergeClosed(earlier: TelemetryWindow, later: TelemetryWindow): TelemetryWindow {
  return {
    ...earlier,
    ...spanOf(earlier, later),
    historical: true,
    requests: earlier.requests + later.requests,
    errors: mergedErrors([...earlier.errors, ...later.errors]),
    latency: mergedLatency(earlier.latency, later.latency),
    items: earlier.items + later.items,
    features: pairs(earlier.features, later.features).map(mergedSketch),
    outputs: pairs(earlier.outputs, later.outputs).map(mergedOutput),
    categories: pairs(earlier.categories, later.categories).map(mergedCategory),
  };
}

function kindOf(window: TelemetryWindow): string {
  const { slot, release, profile, sampleRate, epsilon, clockSynced, features } = window;
  const hasBounds = features.every(({ min }) => min !== null);
  return JSON.stringify([slot, release, profile, sampleRate, epsilon, clockSynced, hasBounds]);
}

function spanOf(earlier: TelemetryWindow, later: TelemetryWindow) {
  const startMs = Math.min(earlier.startMs, later.startMs);
  const ends = [earlier, later].map((window) => window.startMs + window.durationMs);
  return { startMs, durationMs: Math.max(...ends) - startMs };
}

function pairs<Sketch>(left: readonly Sketch[], right: readonly Sketch[]): [Sketch, Sketch][] {
  return left.flatMap((sketch, i) => {
    const other = right[i];
    return other === undefined ? [] : [[sketch, other] as [Sketch, Sketch]];
  });
}

function mergedErrors(all: readonly ErrorCount[]): readonly ErrorCount[] {
  const counts = new Map<string, number>();
  for (const { code, count } of all) counts.set(code, (counts.get(code) ?? 0) + count);
  if (counts.size > telemetryLimits.errorCodesMax) foldRarest(counts);
  const merged = Array.from(counts, ([code, count]) => ({ code, count }));
  return merged.sort((left, right) => (left.code < right.code ? -1 : 1));
}

/** One place is that of OTHER. */
function foldRarest(counts: Map<string, number>): void {
  const named = [...counts].filter(([code]) => code !== OTHER);
  named.sort(([left, many], [right, more]) => more - many || (left < right ? -1 : 1));
  for (const [code, count] of named.slice(telemetryLimits.errorCodesMax - 1)) {
    counts.delete(code);
    counts.set(OTHER, (counts.get(OTHER) ?? 0) + count);
  }
}

function mergedLatency(left: LatencyHistogram, right: LatencyHistogram): LatencyHistogram {
  return { ...mergeLatencyBuckets([left, right]), sumUs: left.sumUs + right.sumUs };
}

function mergedSketch([left, right]: [NumericSketch, NumericSketch]): NumericSketch {
  return {
    counts: added(left.counts, right.counts),
    nan: left.nan + right.nan,
    missing: left.missing + right.missing,
    sum: left.sum + right.sum,
    sumOfSquares: left.sumOfSquares + right.sumOfSquares,
    ...mergedBounds(left, right),
  };
}

/** The bounds of nothing are 0 and say nothing. */
function mergedBounds(left: NumericSketch, right: NumericSketch) {
  if (left.min === null || left.max === null || right.min === null || right.max === null) {
    return { min: null, max: null };
  }
  const isEmpty = ({ counts }: NumericSketch) => counts.every((count) => count === 0);
  if (isEmpty(left)) return { min: right.min, max: right.max };
  if (isEmpty(right)) return { min: left.min, max: left.max };
  return { min: Math.min(left.min, right.min), max: Math.max(left.max, right.max) };
}

function mergedOutput([left, right]: [OutputSketch, OutputSketch]): OutputSketch {
  return {
    classCounts: added(left.classCounts, right.classCounts),
    confidenceCounts: added(left.confidenceCounts, right.confidenceCounts),
  };
}

function mergedCategory([left, right]: [CategoricalSketch, CategoricalSketch]): CategoricalSketch {
  const registers = createDistinct();
  for (const { distinctOther } of [left, right]) {
    mergeDistinct(registers, unpackDistinct(distinctOther) ?? createDistinct());
  }
  return {
    counts: added(left.counts, right.counts),
    missing: left.missing + right.missing,
    distinctOther: packDistinct(registers),
  };
}

function added(left: readonly number[], right: readonly number[]): readonly number[] {
  return left.map((count, i) => count + (right[i] ?? 0));
}
