import {
  createQuantiles,
  DeviceId,
  type NumericSketch,
  packQuantiles,
  type QuantileSketch,
  rankTable,
  type TelemetryWindow,
  unpackQuantiles,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { checkWindow } from "../../../../controller/src/domain/telemetry/check-window.ts";
import {
  type DeviceWindow,
  quantileSum,
} from "../../../../controller/src/domain/telemetry/merge-quantiles.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import { seededRandom } from "../../../support/random.ts";
import {
  quantileWindow,
  referenceWithQuantiles,
} from "../../../support/telemetry/quantile-windows.ts";
import { dayStartMs, hourMs, profileDigest } from "../../../support/telemetry/windows.ts";

function mergeWindowQuantiles(windows: readonly DeviceWindow[]) {
  const sum = quantileSum();
  sum.add(windows);
  return sum.merged();
}

const seed = 30;
const random = seededRandom(seed);
const values = random.shuffled(Array.from({ length: 12_000 }, (_, i) => i / 4_000 - 1.5));
const windows = Array.from({ length: 40 }, (_, i) => ({
  device: DeviceId.parse(`device-${i % 20}`),
  window: quantileWindow(values.slice(300 * i, 300 * (i + 1)), {
    random,
    hour: Math.floor(i / 20),
  }),
}));
const reference = referenceWithQuantiles();
const context = {
  profile: { reference, digest: profileDigest },
  receivedAtMs: dayStartMs + 2 * hourMs,
};

test(`quantiles of 40 windows err by at most 1.33 % of all (seed ${seed})`, () => {
  const [plain, merged] = mergeWindowQuantiles(windows);

  expect(plain).toBeUndefined();
  expect(merged?.count).toBe(12_000);
  expect(worstError(merged ?? createQuantiles())).toBeLessThanOrEqual(0.0133);
});

test("the same windows in another order give the very same quantiles", () => {
  const merged = packed(windows);

  expect(merged).toEqual(packed(random.shuffled(windows)));
  expect(merged).toEqual(packed(windows.toReversed()));
  expect(merged.length).toBeGreaterThan(1_000);
});

test(`page after page the quantiles err by no more (seed ${seed})`, () => {
  const sum = quantileSum();
  for (let i = 0; i < windows.length; i += 7) sum.add(windows.slice(i, i + 7));

  const [, merged] = sum.merged();
  expect(merged?.count).toBe(12_000);
  expect(worstError(merged ?? createQuantiles())).toBeLessThanOrEqual(0.0133);
});

test("windows without quantiles add none, and the sums of all stay exact", () => {
  const bare = windows.map(({ device, window }) => ({ device, window: withQuantiles(window, {}) }));
  const mixed = [...windows.slice(0, 10), ...bare.slice(10)];

  expect(mergeWindowQuantiles(bare)).toEqual([]);
  expect(mergeWindowQuantiles(mixed)[1]?.count).toBe(3_000);
  const sums = mergeWindows(windows.map(({ window }) => window));
  expect(sums).toEqual(mergeWindows(bare.map(({ window }) => window)));
  expect(sums.features[1]).not.toHaveProperty("quantiles");
});

const [{ window: good } = { window: undefined }] = windows;
if (good === undefined) throw new TypeError("expected a window");
const bytes = good.features[1]?.quantiles ?? new Uint8Array(0);

test("quantiles as a device measured them are taken, and a window without them too", () => {
  expect(checkWindow(good, context)).toEqual({ kind: "ok" });
  expect(checkWindow(withQuantiles(good, {}), context)).toEqual({ kind: "ok" });
});

test.each<[string, Partial<NumericSketch>, string]>([
  ["of one value less", { quantiles: packedOf(299) }, "count: expected 300, got 299"],
  ["of one value more", { quantiles: packedOf(301) }, "count: expected 300, got 301"],
  ["that are no sketch", { quantiles: bytes.slice(1) }, "expected a KLL sketch"],
  [
    "below the bounds",
    { min: 0.9, sum: 300, sumOfSquares: 300, max: 2 },
    "least: expected at least",
  ],
  [
    "above the bounds",
    { max: -0.9, sum: -300, sumOfSquares: 300, min: -2 },
    "most: expected at most",
  ],
  ["beside no bounds", { min: null, max: null }, "quantiles: expected none"],
])("quantiles %s are refused", (_, changes, detail) => {
  const verdict = checkWindow(withQuantiles(good, { quantiles: bytes, ...changes }), context);

  expect(verdict).toMatchObject({ kind: "refused", reason: "COUNTS" });
  expect(verdict).toHaveProperty("detail", expect.stringContaining(detail));
});

test("quantiles that the profile does not ask for are refused", () => {
  const features = reference.features.map((feature) => ({ ...feature, quantiles: false }));
  const profile = { ...context.profile, reference: { ...reference, features } };

  const verdict = checkWindow(good, { ...context, profile });
  expect(verdict).toHaveProperty("detail", expect.stringContaining("none by the profile"));
});

/** The second feature with these changes; without quantiles when they name none. */
function withQuantiles(window: TelemetryWindow, changes: Partial<NumericSketch>): TelemetryWindow {
  const features = window.features.map(({ quantiles: _quantiles, ...sketch }, i) =>
    i === 1 ? { ...sketch, ...changes } : sketch,
  );
  return { ...window, features };
}

function packed(of: typeof windows): Uint8Array {
  return packQuantiles(mergeWindowQuantiles(of)[1] ?? createQuantiles());
}

/** Of so many zeros. */
function packedOf(count: number): Uint8Array {
  const { features } = quantileWindow(new Array<number>(count).fill(0), { random });
  const quantiles = features[1]?.quantiles ?? new Uint8Array(0);
  expect(unpackQuantiles(quantiles)?.count).toBe(count);
  return quantiles;
}

function worstError(sketch: QuantileSketch): number {
  const { values: held, ranks } = rankTable(sketch);
  const errors = held.map((value, i) => {
    const atMost = Math.round((value + 1.5) * 4_000) + 1;
    return Math.abs((ranks[i] ?? 0) - atMost) / values.length;
  });
  return Math.max(...errors);
}
