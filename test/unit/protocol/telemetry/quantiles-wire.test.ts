import {
  decodeWindow,
  encodeWindow,
  FormatError,
  quantileLimits,
  ReferenceProfile,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../../../support/random.ts";
import { quantileWindow } from "../../../support/telemetry/quantile-windows.ts";
import { referenceOf } from "../../../support/telemetry/windows.ts";

const random = seededRandom(10);
const values = Array.from({ length: 900 }, () => random.normal());
const window = quantileWindow(values, { random });

test("a window with quantiles comes back as the very same", () => {
  expect(window.features[1]?.quantiles?.length).toBeGreaterThan(1_000);
  expect(decodeWindow(encodeWindow(window))).toEqual(window);
});

test("the 900 values of a feature cost at most 2,500 bytes more, and none where they are not asked for", () => {
  const plain = quantileWindow(values, { random, reference: referenceOf(2) });
  const { quantiles, ...without } = window.features[1] ?? {};
  const bytes = encodeWindow(window).length;
  const stripped = { ...window, features: plain.features };

  expect(plain.features[1]).toEqual(without);
  expect(bytes - encodeWindow(stripped).length).toBeLessThanOrEqual(2_500);
  expect(bytes - encodeWindow(stripped).length).toBeGreaterThan(quantiles?.length ?? 0);
  expect(encodeWindow(stripped).length).toBeLessThan(400);
});

test("longer quantiles than 10^9 values have are refused before they are read", () => {
  const { packedBytesMax } = quantileLimits;
  const withBytes = (length: number) => ({
    ...window,
    features: window.features.map((sketch) => ({ ...sketch, quantiles: new Uint8Array(length) })),
  });

  expect(decodeWindow(encodeWindow(withBytes(packedBytesMax)))).toEqual(withBytes(packedBytesMax));
  expect(() => decodeWindow(encodeWindow(withBytes(packedBytesMax + 1)))).toThrow(FormatError);
});

test("a profile asks for the quantiles of four features, and not of five", () => {
  const asking = (count: number) => ({
    ...referenceOf(6),
    features: referenceOf(6).features.map((feature, i) => ({ ...feature, quantiles: i < count })),
  });

  expect(ReferenceProfile.safeParse(asking(4)).success).toBe(true);
  expect(ReferenceProfile.safeParse(asking(5)).error?.issues).toMatchObject([
    { message: "expected at most 4 features with quantiles" },
  ]);
});
