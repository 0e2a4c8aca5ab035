import { telemetryLimits } from "../limits.ts";
import type { LatencyHistogram } from "./window.ts";

/** 2^(1/8) a bucket: a quantile is within 4.33 % of the truth. */
export const latencyScaleDefault = 3;

/** What is told apart: 1 ns to 12.7 days. Values outside are counted at these ends. */
export const latencyRangeUs = { min: 2 ** -10, max: 2 ** 40 } as const;

/** The histogram of nothing; merging it changes nothing. */
export const emptyLatency: LatencyHistogram = {
  scale: latencyScaleDefault,
  zeroCount: 0,
  offset: 0,
  counts: [],
  sumUs: 0,
};

/** Counts by bucket without the sum: what can be merged exactly. */
export type LatencyBuckets = Omit<LatencyHistogram, "sumUs">;

/**
 * Bucket of a value.
 *
 * @param valueUs microseconds, > 0 and finite
 */
export function latencyBucket(valueUs: number, scale: number): number {
  // Scaling by a power of two is exact, so every scale draws the same line at the same value.
  return Math.ceil(Math.log2(valueUs) * 2 ** scale) - 1;
}

/** Bounds (lower, upper] of a bucket, microseconds. */
export function latencyBounds(index: number, scale: number): readonly [number, number] {
  return [2 ** (index * 2 ** -scale), 2 ** ((index + 1) * 2 ** -scale)];
}

/** Number of values, zeros included. */
export function latencyCount(histogram: LatencyBuckets): number {
  return histogram.counts.reduce((sum, count) => sum + count, histogram.zeroCount);
}

/**
 * Exact merge in any order and grouping: the lowest scale of those that hold something,
 * lowered until the buckets fit `telemetryLimits.latencyBucketsMax`.
 */
export function mergeLatencyBuckets(parts: readonly LatencyBuckets[]): LatencyBuckets {
  const zeroCount = parts.reduce((sum, part) => sum + part.zeroCount, 0);
  const filled = parts.map(trimmed).filter((part) => part.counts.length > 0);
  if (filled.length === 0) return { ...withoutSum(emptyLatency), zeroCount };
  const lowest = Math.min(...filled.map((part) => part.scale));
  const scale = fittingScale(filled, lowest);
  const [first, last] = range(filled, scale);
  const counts = new Array<number>(last - first + 1).fill(0);
  for (const part of filled) addInto(counts, part, { scale, first });
  return { scale, zeroCount, offset: first, counts };
}

/** Lower the scale of a bucket index by `steps`: each step joins two neighbours. */
export function halvedBucket(index: number, steps: number): number {
  return Math.floor(index / 2 ** steps);
}

/**
 * Estimate of a quantile: of all points of its bucket, the one whose worst relative error is least.
 *
 * @param q 0 … 1
 * @returns microseconds; null when the histogram is empty
 */
export function latencyQuantileUs(histogram: LatencyBuckets, q: number): number | null {
  const total = latencyCount(histogram);
  if (total === 0) return null;
  // Nearest rank: the smallest value with at least q of all values at or below it.
  let remaining = Math.max(1, Math.ceil(q * total)) - histogram.zeroCount;
  if (remaining <= 0) return 0;
  for (const [k, count] of histogram.counts.entries()) {
    remaining -= count;
    if (remaining <= 0) return middleUs(histogram.offset + k, histogram.scale);
  }
  return middleUs(histogram.offset + histogram.counts.length - 1, histogram.scale);
}

function middleUs(index: number, scale: number): number {
  const [lower, upper] = latencyBounds(index, scale);
  return (2 * lower * upper) / (lower + upper);
}

function withoutSum({ scale, zeroCount, offset, counts }: LatencyHistogram): LatencyBuckets {
  return { scale, zeroCount, offset, counts };
}

function trimmed(part: LatencyBuckets): LatencyBuckets {
  const first = part.counts.findIndex((count) => count > 0);
  if (first === -1) return { ...part, offset: 0, counts: [] };
  const last = part.counts.findLastIndex((count) => count > 0);
  return { ...part, offset: part.offset + first, counts: part.counts.slice(first, last + 1) };
}

function fittingScale(parts: readonly LatencyBuckets[], highest: number): number {
  // Each step halves the range, so 64 steps reach one or two buckets from any safe range.
  for (let scale = highest; scale > highest - 64; scale--) {
    const [first, last] = range(parts, scale);
    if (last - first < telemetryLimits.latencyBucketsMax) return scale;
  }
  throw new RangeError(`expected latency buckets within 2^53 of each other below scale ${highest}`);
}

function range(parts: readonly LatencyBuckets[], scale: number): readonly [number, number] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const part of parts) {
    const steps = part.scale - scale;
    first = Math.min(first, halvedBucket(part.offset, steps));
    last = Math.max(last, halvedBucket(part.offset + part.counts.length - 1, steps));
  }
  return [first, last];
}

function addInto(
  counts: number[],
  part: LatencyBuckets,
  to: { readonly scale: number; readonly first: number },
): void {
  const steps = part.scale - to.scale;
  for (const [k, count] of part.counts.entries()) {
    const index = halvedBucket(part.offset + k, steps) - to.first;
    counts[index] = (counts[index] ?? 0) + count;
  }
}
