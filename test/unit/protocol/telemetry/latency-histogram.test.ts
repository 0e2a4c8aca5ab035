import {
  emptyLatency,
  type LatencyBuckets,
  latencyBounds,
  latencyBucket,
  latencyCount,
  latencyQuantileUs,
  mergeLatencyBuckets,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../../../support/random.ts";

const seed = 20_261_121;

test("a bucket reaches from above its lower bound up to and including its upper bound", () => {
  expect(latencyBounds(0, 0)).toEqual([1, 2]);
  expect(latencyBucket(1, 0)).toBe(-1);
  expect(latencyBucket(1.000_001, 0)).toBe(0);
  expect(latencyBucket(2, 0)).toBe(0);
  expect(latencyBucket(2.000_001, 0)).toBe(1);
});

test.each([-10, -1, 0, 3, 5])("every power of two closes its bucket at scale %i", (scale) => {
  for (let exponent = -10; exponent <= 40; exponent++) {
    const bucket = latencyBucket(2 ** exponent, scale);
    expect(bucket).toBe(Math.ceil(exponent * 2 ** scale) - 1);
  }
});

test(`T7: quantiles of 100,000 lognormals are within 4.33 % of the true ones (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const values = Array.from({ length: 100_000 }, () => Math.exp(7 + 0.8 * random.normal()));
  const sorted = values.toSorted((a, b) => a - b);
  const histogram = histogramOf(values, 3);

  for (const q of [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]) {
    const truth = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
    const error = Math.abs((latencyQuantileUs(histogram, q) ?? Number.NaN) / truth - 1);
    expect(error, `q = ${q}`).toBeLessThanOrEqual(0.0433);
  }
});

test(`T7: merging scale 3 and scale 5 equals counting all at scale 3 (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const values = Array.from({ length: 2_000 }, () => Math.exp(6 + random.normal()));
  const merged = mergeLatencyBuckets([
    histogramOf(values.slice(0, 900), 3),
    histogramOf(values.slice(900), 5),
  ]);

  expect(merged).toEqual(histogramOf(values, 3));
});

test("a merge keeps every count within the bucket limit, however far the values are apart", () => {
  const merged = mergeLatencyBuckets([histogramOf([0.001], 3), histogramOf([2 ** 40], 3)]);

  expect(merged.counts.length).toBeLessThanOrEqual(telemetryLimits.latencyBucketsMax);
  expect(latencyCount(merged)).toBe(2);
  expect(merged.scale).toBe(1);
});

test("160 neighbouring buckets keep their scale, 161 lower it", () => {
  const first = { scale: 3, zeroCount: 0, offset: 0, counts: [1] };

  expect(mergeLatencyBuckets([first, { ...first, offset: 159 }]).scale).toBe(3);
  expect(mergeLatencyBuckets([first, { ...first, offset: 160 }]).scale).toBe(2);
});

test("nothing, and zeros at a coarse scale, lower no scale", () => {
  const some = histogramOf([100, 200], 3);
  const zeros = { scale: -10, zeroCount: 2, offset: 7, counts: [0, 0] };

  expect(mergeLatencyBuckets([some, zeros])).toEqual({ ...some, zeroCount: 2 });
  expect(mergeLatencyBuckets([])).toEqual({ scale: 3, zeroCount: 0, offset: 0, counts: [] });
});

test("a quantile counts zeros first, and there is none of nothing", () => {
  const histogram = { ...histogramOf([1_000], 3), zeroCount: 3 };

  expect(latencyQuantileUs(histogram, 0.5)).toBe(0);
  expect(latencyQuantileUs(histogram, 0.75)).toBe(0);
  expect(latencyQuantileUs(histogram, 0.76)).toBeGreaterThan(900);
  expect(latencyQuantileUs(emptyLatency, 0.5)).toBeNull();
});

function histogramOf(values: readonly number[], scale: number): LatencyBuckets {
  const one = (value: number) => ({
    scale,
    zeroCount: 0,
    offset: latencyBucket(value, scale),
    counts: [1],
  });
  return mergeLatencyBuckets(values.map(one));
}
