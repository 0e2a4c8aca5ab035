import {
  DeviceId,
  type ReferenceProfile,
  ReleaseDocument,
  TelemetrySummary,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { renderSummary } from "../../../../controller/cli/render/distribution.ts";
import { quantileSum } from "../../../../controller/src/domain/telemetry/merge-quantiles.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import { summarizeTelemetry } from "../../../../controller/src/domain/telemetry/summarize-telemetry.ts";
import { seededRandom } from "../../../support/random.ts";
import { observation, recorded, rows } from "../../../support/telemetry/observations.ts";
import {
  quantileWindow,
  referenceWithQuantiles,
} from "../../../support/telemetry/quantile-windows.ts";
import {
  dayStartMs,
  emptyWindow,
  hourMs,
  referenceOf,
  releaseDigest,
} from "../../../support/telemetry/windows.ts";

const seed = 8;
const devices = ["b-2", "a-1x", "b-2"].map((name) => DeviceId.parse(name.padEnd(4, "0")));
const common = { devices, isWhole: true };
const answer = (best: number) => Array.from({ length: 10 }, (_, i) => (i === best ? 0.97 : 0));

test("a summary holds shares of everything, the outer bins included", () => {
  const reference = referenceOf(1, 4);
  const inputs = [rows("x", [[-9], [-2.5], [0.5], [9]])];
  const outputs = [rows("y", [answer(3), answer(3), answer(3), answer(7)])];
  const summary = summaryOf(reference, recorded(reference, [observation({ inputs, outputs })]));

  expect(TelemetrySummary.parse(summary)).toEqual(summary);
  expect(summary).toMatchObject({
    release: releaseDigest,
    model: "digits",
    version: "1.2.0",
    devices: ["a-1x", "b-20"],
    windows: 1,
    fromMs: dayStartMs,
    untilMs: dayStartMs + 1,
    requests: 1,
    items: 4,
    errors: {},
  });
  expect(summary.features[0]).toEqual({
    name: "f0",
    edges: [-1, 0, 1],
    reference: [0, 0.25, 0.25, 0.25, 0.25, 0],
    current: [0.25, 0.25, 0, 0.25, 0, 0.25],
    mean: -0.5,
    referenceMean: 0,
    missing: 0,
    nan: 0,
  });
  expect(summary.outputs[0]?.current).toEqual([0, 0, 0, 0.75, 0, 0, 0, 0.25, 0, 0]);
  expect(summary.outputs[0]?.confidence.current.at(-1)).toBe(1);
});

test(`latencies are within 4.33 % of the true quantiles, their mean is exact (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const latencies = Array.from({ length: 5_000 }, () => Math.exp(8 + random.normal() / 3));
  const windows = latencies.map((latencyUs, i) =>
    observation({ latencyUs, nowMs: dayStartMs + (i % 7) * hourMs }),
  );
  const { latencyUs } = summaryOf(null, recorded(null, windows));

  const sorted = latencies.toSorted((a, b) => a - b);
  const at = (q: number) => sorted[Math.ceil(q * sorted.length) - 1] ?? Number.NaN;
  for (const [estimate, q] of [
    [latencyUs?.p50, 0.5],
    [latencyUs?.p95, 0.95],
    [latencyUs?.p99, 0.99],
  ] as const) {
    expect(Math.abs((estimate ?? Number.NaN) / at(q) - 1)).toBeLessThanOrEqual(0.0433);
  }
  const mean = latencies.reduce((sum, value) => sum + value, 0) / latencies.length;
  expect(latencyUs?.mean).toBeCloseTo(mean, 6);
});

test("quantiles are told where there are any, and of how many items", () => {
  const random = seededRandom(seed);
  const values = Array.from({ length: 100 }, (_, i) => i + 1);
  const window = quantileWindow(random.shuffled(values), { random });
  const told = { release: releaseDigest, document, merged: mergeWindows([window]) };
  const profile = referenceWithQuantiles();
  const sum = quantileSum();
  sum.add([{ device: DeviceId.parse("b-20"), window }]);
  const quantiles = sum.merged();
  const summary = summarizeTelemetry({ ...told, ...common, profile, quantiles });

  expect(TelemetrySummary.parse(summary)).toEqual(summary);
  expect(summary.features[0]).not.toHaveProperty("quantiles");
  // All 100 values are held, so each is exact: p25 is the 25th of them.
  expect(summary.features[1]?.quantiles).toEqual({
    ...{ items: 100, p1: 1, p5: 5, p25: 25, p50: 50, p75: 75, p95: 95, p99: 99 },
  });
  expect(renderSummary(summary)).toContain(
    "f1         1    5    25    50    75    95    99    100",
  );
});

test("too few to tell are rows, of which a request may bring many, and only where there is a reference", () => {
  const reference = referenceOf(1, 4);
  const inputs = [
    rows(
      "x",
      Array.from({ length: 300 }, (_, i) => [i / 100]),
    ),
  ];
  const outputs = [
    rows(
      "y",
      Array.from({ length: 300 }, () => answer(3)),
    ),
  ];
  const observed = observation({ inputs, outputs });
  const summary = summaryOf(reference, recorded(reference, [observed]));

  expect(summary).toMatchObject({ requests: 1, items: 300 });
  expect(renderSummary(summary)).not.toContain("are few");
  expect(renderSummary({ ...summary, items: 299 })).toContain("299 items are few");
  expect(renderSummary(summaryOf(null, [{ ...emptyWindow, requests: 4 }]))).not.toContain("few");
});

test("a release that learns has no reference to be held against: nothing has moved, and it says why", () => {
  const shape = referenceOf(1, 4);
  const learning: ReferenceProfile = {
    ...{ spec: 1, samples: 0, learning: true },
    features: shape.features.map((feature) => ({ ...feature, counts: [0, 0, 0, 0] })),
    outputs: shape.outputs.map((output) => ({
      ...output,
      counts: output.counts.map(() => 0),
      confidence: { ...output.confidence, counts: output.confidence.counts.map(() => 0) },
    })),
  };
  const inputs = [rows("x", [[0.5], [0.25]])];
  const outputs = [rows("y", [answer(3), answer(3)])];
  const text = renderSummary(
    summaryOf(learning, recorded(learning, [observation({ inputs, outputs })])),
  );

  expect(text).toContain(
    "learning: there is no reference yet; modelfleet profile learn digits 1.2.0",
  );
  expect(text).toMatch(/f0 +none +\S+ +– +0\.375\n/);
  expect(text).not.toMatch(/ %|→|are few/);
});

test("a summary that leaves older windows out says so", () => {
  const all = summaryOf(null, [{ ...emptyWindow, startMs: 0, requests: 1 }]);

  expect(renderSummary(all)).not.toContain("older");
  expect(renderSummary({ ...all, isWhole: false })).toContain(
    "only the newest 1 window, since 1970-01-01T00:00:00.000Z; there are older ones: ask for less",
  );
});

test("nothing measured gives zero shares and no mean, never NaN", () => {
  const summary = summaryOf(referenceOf(1), []);

  expect(TelemetrySummary.parse(summary)).toEqual(summary);
  expect(summary).toMatchObject({ windows: 0, fromMs: null, untilMs: null, latencyUs: null });
  expect(summary.features[0]?.mean).toBeNull();
  expect(summary.features[0]?.current).toEqual(new Array<number>(22).fill(0));
  expect(summary.outputs[0]?.current).toEqual(new Array<number>(10).fill(0));
});

test("a release without a profile shows requests, errors and latencies", () => {
  const window = { ...emptyWindow, requests: 4, errors: [{ code: "OVERLOADED", count: 4 }] };
  const summary = summaryOf(null, [window, window]);

  expect(summary).toMatchObject({
    requests: 8,
    errors: { OVERLOADED: 8 },
    features: [],
    outputs: [],
  });
});

function summaryOf(profile: ReferenceProfile | null, windows: readonly TelemetryWindow[]) {
  const merged = mergeWindows(windows);
  return summarizeTelemetry({ release: releaseDigest, document, profile, merged, ...common });
}

const document = ReleaseDocument.parse({
  type: "release",
  spec: 1,
  fleet: "6f1f7c1e-6b44-4c56-9f0e-0d1f7a1b2c3d",
  model: "digits",
  version: "1.2.0",
  securityVersion: 0,
  createdAt: "2026-11-21T00:00:00Z",
  format: "onnx",
  entry: "model.onnx",
  compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 64 },
  limits: { memoryMiB: 128, loadMs: 5_000, inferMs: 1_000 },
  files: [{ path: "model.onnx", size: 10, sha256: releaseDigest }],
  digest: releaseDigest,
  io: {
    inputs: [{ name: "x", dtype: "float32", shape: [-1, 1] }],
    outputs: [{ name: "y", dtype: "float32", shape: [-1, 10] }],
  },
});
