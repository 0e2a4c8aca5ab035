import {
  type FleetId,
  type LatencyBuckets,
  latencyBounds,
  latencyBucket,
  latencyCount,
  mergeLatencyBuckets,
  Sha256,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { ExportedCell } from "../../../../../controller/src/domain/export/exported-cell.ts";
import { otlpMetrics } from "../../../../../controller/src/domain/export/otlp-metrics.ts";
import { type OtlpHistogram, readOtlp } from "../../../../support/otlp/read-otlp.ts";
import { seededRandom } from "../../../../support/random.ts";

const fleet = "3f2504e0-4f89-41d3-9a0c-0305e82c3301" as FleetId;
const cell: ExportedCell = {
  ...{ model: "digits", version: "2.0.0", release: Sha256.parse("ab".repeat(32)) },
  ...{ cohort: "site=plant-a", devices: 12 },
  fromMs: Date.UTC(2026, 10, 21, 18),
  untilMs: Date.UTC(2026, 10, 21, 18, 15),
  requests: 900,
  errors: [{ code: "TIMEOUT", count: 3 }],
  latency: { scale: 3, zeroCount: 900, offset: 0, counts: [] },
  latencySumUs: 0,
  psi: [{ signal: "feature:f0", psi: 0.31 }],
};
const exported = (changes: Partial<ExportedCell>) =>
  readOtlp(JSON.stringify(otlpMetrics(fleet, [{ ...cell, ...changes }])));
const latencyOf = (changes: Partial<ExportedCell>): OtlpHistogram => {
  const [metric] = exported(changes).histograms;
  const [point] = metric?.points ?? [];
  if (point === undefined) throw new Error("expected a histogram");
  return point;
};

/** Counted by what the data model of OpenTelemetry says of a bucket's bounds. */
function histogramOf(values: readonly number[], scale: number): LatencyBuckets {
  const indices = values.map((value) => latencyBucket(value, scale));
  const [offset, last] = [Math.min(...indices), Math.max(...indices)];
  const counts = new Array<number>(last - offset + 1).fill(0);
  for (const index of indices) counts[index - offset] = (counts[index - offset] ?? 0) + 1;
  return { scale, zeroCount: 0, offset, counts };
}

test("T7: latency goes through OTLP count for count, bucket for bucket, also merged from scales 3 and 5", () => {
  const seed = 7;
  const random = seededRandom(seed);
  const values = Array.from({ length: 20_000 }, () => Math.exp(7 + random.normal()));
  const [left, right] = [values.slice(0, 12_000), values.slice(12_000)];
  const merged = mergeLatencyBuckets([histogramOf(left, 3), histogramOf(right, 5)]);
  expect(merged, `seed ${seed}`).toEqual(histogramOf(values, 3));

  const point = latencyOf({ latency: { ...merged, zeroCount: 5 }, latencySumUs: 1.5 });

  expect(point).toMatchObject({ count: 20_005n, zeroCount: 5n, sum: 1.5, scale: 3 });
  // Each value lies in the bucket whose count it is in: base^index < value ≤ base^(index + 1).
  const base = 2 ** (2 ** -point.scale);
  for (const [place, count] of point.bucketCounts.entries()) {
    const [lower, upper] = [base ** (point.offset + place), base ** (point.offset + place + 1)];
    const [ourLower, ourUpper] = latencyBounds(point.offset + place, point.scale);
    expect(lower / ourLower).toBeCloseTo(1, 10);
    const within = values.filter((value) => value > ourLower && value <= ourUpper).length;
    expect(BigInt(within), `(${lower}, ${upper}], seed ${seed}`).toBe(count);
  }
});

test("T7: counts beyond what a double tells apart stay whole, and a negative offset stays what it is", () => {
  const counts = [Number.MAX_SAFE_INTEGER, 0, 1];
  const point = latencyOf({ latency: { scale: -2, zeroCount: 0, offset: -40, counts } });

  expect(point.bucketCounts).toEqual([9_007_199_254_740_991n, 0n, 1n]);
  expect(point).toMatchObject({ offset: -40, scale: -2, count: 9_007_199_254_740_992n });
});

test("T7: histograms of 500 random cells come back as they went", () => {
  const seed = 11;
  const random = seededRandom(seed);
  for (let run = 0; run < 500; run++) {
    const counts = Array.from({ length: random.below(160) }, () => random.below(2 ** 32));
    const latency = {
      ...{ scale: random.below(12) - 4, zeroCount: random.below(1_000) },
      ...{ offset: random.below(2_000) - 1_000, counts },
    };
    const point = latencyOf({ latency });

    expect(
      {
        ...{ scale: point.scale, offset: point.offset, zeroCount: Number(point.zeroCount) },
        counts: point.bucketCounts.map(Number),
      },
      `seed ${seed}, run ${run}`,
    ).toEqual(latency);
    expect(Number(point.count)).toBe(latencyCount(latency));
  }
});

test("a cell is requests, errors, devices and PSI by cohort and signal, over its own time and no other", () => {
  const { resource, sums, gauges, histograms } = exported({});

  const place = {
    startNs: BigInt(cell.fromMs) * 1_000_000n,
    endNs: BigInt(cell.untilMs) * 1_000_000n,
  };
  const attributes = {
    "modelfleet.model": "digits",
    "modelfleet.model.version": "2.0.0",
    "modelfleet.release": cell.release,
    "modelfleet.cohort": "site=plant-a",
  };
  expect(resource).toEqual({ "service.name": "modelfleet", "modelfleet.fleet": fleet });
  expect(sums).toEqual([
    {
      ...{ name: "modelfleet.requests", unit: "{request}" },
      points: [{ ...place, attributes, value: 900n }],
    },
    {
      ...{ name: "modelfleet.request.errors", unit: "{request}" },
      points: [{ ...place, attributes: { ...attributes, "error.type": "TIMEOUT" }, value: 3n }],
    },
  ]);
  expect(gauges).toEqual([
    {
      ...{ name: "modelfleet.drift.psi", unit: "1" },
      points: [
        { ...place, attributes: { ...attributes, "modelfleet.signal": "feature:f0" }, value: 0.31 },
      ],
    },
    {
      ...{ name: "modelfleet.cohort.devices", unit: "{device}" },
      points: [{ ...place, attributes, value: 12n }],
    },
  ]);
  expect(histograms[0]).toMatchObject({ name: "modelfleet.request.duration", unit: "us" });
});
