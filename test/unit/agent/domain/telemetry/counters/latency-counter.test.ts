import { latencyBucket, latencyCount, mergeLatencyBuckets } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { createLatencyCounter } from "../../../../../../agent/src/domain/telemetry/counters/latency-counter.ts";
import { seededRandom } from "../../../../../support/random.ts";

const seed = 99;

test.each([
  0.3, 1, 4,
])(`counting one by one equals merging single values, spread %d (seed ${seed})`, (spread) => {
  const random = seededRandom(seed);
  const values = Array.from({ length: 3_000 }, () => Math.exp(6 + spread * random.normal()));
  const counter = createLatencyCounter();
  for (const value of values) counter.add(value);
  const { sumUs, ...buckets } = counter.take();

  expect(buckets).toEqual(
    mergeLatencyBuckets(
      values.map((value) => ({
        scale: 3,
        zeroCount: 0,
        offset: latencyBucket(Math.min(Math.max(value, 2 ** -10), 2 ** 40), 3),
        counts: [1],
      })),
    ),
  );
  expect(sumUs).toBeGreaterThan(0);
});

test.each([0, -1, Number.NaN])("a latency of %d is counted as zero", (latencyUs) => {
  const counter = createLatencyCounter();
  counter.add(latencyUs);

  expect(counter.take()).toEqual({ scale: 3, zeroCount: 1, offset: 0, counts: [], sumUs: 0 });
});

test("what is shorter than a nanosecond or longer than twelve days is counted at that end", () => {
  const counter = createLatencyCounter();
  counter.add(1e-9);
  counter.add(Number.POSITIVE_INFINITY);
  const histogram = counter.take();

  expect(latencyCount(histogram)).toBe(2);
  expect(histogram.sumUs).toBe(2 ** -10 + 2 ** 40);
});

test("a new window is fine again after a coarse one", () => {
  const counter = createLatencyCounter();
  counter.add(0.01);
  counter.add(1e9);
  expect(counter.take().scale).toBeLessThan(3);
  counter.add(1_000);

  expect(counter.take()).toMatchObject({ scale: 3, zeroCount: 0, counts: [1], sumUs: 1_000 });
});
