import { quantilesOf, unpackQuantiles } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { createNumericCounter } from "../../../../../../agent/src/domain/telemetry/counters/numeric-counter.ts";
import { withQuantiles } from "../../../../../../agent/src/domain/telemetry/counters/quantile-counter.ts";
import { bitsFrom } from "../../../../../../agent/src/domain/telemetry/counters/random-bits.ts";
import { mergeClosed } from "../../../../../../agent/src/domain/telemetry/waiting/merge-closed.ts";
import { seededRandom } from "../../../../../support/random.ts";
import { recorded } from "../../../../../support/telemetry/observations.ts";
import {
  quantileWindow,
  referenceWithQuantiles,
} from "../../../../../support/telemetry/quantile-windows.ts";
import { referenceOf } from "../../../../../support/telemetry/windows.ts";

const seed = 7;
const random = seededRandom(seed);
const rising = Array.from({ length: 2_000 }, (_, i) => i / 1_000 - 1);

test(`a window holds the quantiles of the feature that asks for them, and of no other (seed ${seed})`, () => {
  const { features } = quantileWindow(random.shuffled(rising), { random });
  const [plain, asked] = features;
  const sketch = unpackQuantiles(asked?.quantiles ?? new Uint8Array(0));

  expect(plain).not.toHaveProperty("quantiles");
  expect(sketch?.count).toBe(2_000);
  const [median = Number.NaN] = sketch === undefined ? [] : quantilesOf(sketch, [0.5]);
  expect(Math.abs(median)).toBeLessThanOrEqual(2 * 0.0133);
});

test("what is missing or no number is counted as such, and has no rank", () => {
  const [, feature] = referenceWithQuantiles().features;
  if (feature === undefined) throw new TypeError("expected a feature");
  const counter = withQuantiles(createNumericCounter(feature), () => 0);
  const values = Float64Array.of(1, Number.NaN, Number.POSITIVE_INFINITY, 3.5e38, 2);
  for (const at of values.keys()) counter.addAt(values, at);
  counter.addMissing();

  const { quantiles, ...sketch } = counter.take();
  expect(unpackQuantiles(quantiles ?? new Uint8Array(0))?.count).toBe(2);
  expect(sketch).toMatchObject({ nan: 3, missing: 1, sum: 3 });
  // Then everything is zero again.
  expect(counter.take()).not.toHaveProperty("quantiles");
});

test.each([
  ["strict privacy", { isStrict: true, noise: null }],
  ["noise", { isStrict: true, noise: { epsilon: 1, draw: () => 0 } }],
])("under %s no quantiles leave the device: they are values themselves", (_, privacy) => {
  const { features } = quantileWindow(rising, { random, privacy });

  expect(features).toHaveLength(2);
  for (const sketch of features) expect(sketch).not.toHaveProperty("quantiles");
});

test("a profile that does not ask costs nothing: there are none", () => {
  const { features } = quantileWindow(rising, { random, reference: referenceOf(2) });

  expect(features).toHaveLength(2);
  for (const sketch of features) expect(sketch).not.toHaveProperty("quantiles");
  expect(recorded(referenceWithQuantiles(), [])).toEqual([]);
});

test("windows that are merged on the shelf keep their counts and lose their quantiles", () => {
  const windows = [0, 1].map((hour) => quantileWindow(rising, { random, hour }));
  const [earlier, later] = windows;
  if (earlier === undefined || later === undefined) throw new TypeError("expected two windows");
  const merged = mergeClosed(earlier, later);

  expect(merged.items).toBe(4_000);
  expect(merged.features[1]).not.toHaveProperty("quantiles");
});

test("each random bit is used once", () => {
  const asked: number[] = [];
  const nextBit = bitsFrom((length) => {
    asked.push(length);
    return new Uint8Array(length).fill(0b1000_0101);
  });
  const bits = Array.from({ length: 513 }, () => nextBit());

  expect(bits.slice(0, 8)).toEqual([1, 0, 1, 0, 0, 0, 0, 1]);
  expect(bits.filter((bit) => bit === 1)).toHaveLength(3 * 64 + 1);
  expect(asked).toEqual([64, 64]);
});
