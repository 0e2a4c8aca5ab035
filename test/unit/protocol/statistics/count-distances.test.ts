import {
  chiSquare,
  cramersV,
  hellinger,
  jensenShannon,
  ksBinned,
  maximumDeviation,
  PSI_SHARE_MIN,
  psi,
  totalVariationOfCounts,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const reference = Array.from({ length: 10 }, () => 100);
const current = [60, 70, 80, 90, 100, 105, 110, 120, 130, 135];
const ofCounts = {
  psi,
  jensenShannon,
  hellinger,
  totalVariationOfCounts,
  maximumDeviation,
  ksBinned,
  cramersV,
};

test("T1: each distance of the vector is the figure computed with NumPy and SciPy", () => {
  const near = (actual: number, expected: number, within: number) => {
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(within);
  };

  near(psi(reference, current), 0.0598678218762, 1e-12);
  near(jensenShannon(reference, current), 0.1035992207989, 1e-12);
  near(hellinger(reference, current), 0.0863790173805, 1e-12);
  near(totalVariationOfCounts(reference, current), 0.1, 1e-12);
  near(maximumDeviation(reference, current), 0.04, 1e-12);
  near(ksBinned(reference, current), 0.1, 1e-12);
  near(chiSquare(reference, current).statistic, 29.584788608, 1e-9);
  near(chiSquare(reference, current).pValue, 5.160729247e-4, 1e-9);
  near(cramersV(reference, current), 0.1216239873716, 1e-12);
  expect(chiSquare(reference, current)).toMatchObject({ degreesOfFreedom: 9, status: "OK" });
});

describe("distances of counts", () => {
  test("are 0 for the same shares, however many items there are", () => {
    for (const distance of Object.values(ofCounts))
      expect(distance([1, 2, 3, 0], [1000, 2000, 3000, 0])).toBeCloseTo(0, 12);
  });

  test("take typed arrays", () => {
    for (const distance of Object.values(ofCounts))
      expect(distance(Uint32Array.from(reference), Float64Array.from(current))).toBe(
        distance(reference, current),
      );
  });

  test("are the same both ways", () => {
    for (const distance of Object.values(ofCounts))
      expect(distance(current, reference)).toBeCloseTo(distance(reference, current), 14);
  });

  test("are at their most when nothing is shared", () => {
    expect(jensenShannon([5, 0], [0, 9])).toBeCloseTo(1, 14);
    expect(hellinger([5, 0], [0, 9])).toBe(1);
    expect(totalVariationOfCounts([5, 0], [0, 9])).toBe(1);
    expect(maximumDeviation([5, 0], [0, 9])).toBe(1);
    expect(ksBinned([5, 0], [0, 9])).toBe(1);
    expect(cramersV([5, 0], [0, 9])).toBe(1);
  });

  test("Jensen–Shannon with base e is √(ln 2) of that with base 2, which is SciPy's default against ours", () => {
    const ratio = jensenShannon(reference, current, Math.E) / jensenShannon(reference, current);

    expect(ratio).toBeCloseTo(0.832554611157698, 12);
  });

  test("PSI takes an empty bin for one with a share of 1e-4, and no larger one", () => {
    const floored = (1 - PSI_SHARE_MIN) * Math.log(1 / PSI_SHARE_MIN);

    expect(PSI_SHARE_MIN).toBe(1e-4);
    expect(psi([50, 50, 0], [0, 50, 50])).toBeCloseTo(2 * (0.5 - 1e-4) * Math.log(0.5 / 1e-4), 12);
    expect(psi([10, 0], [0, 10])).toBeCloseTo(2 * floored, 12);
    expect(psi([10_000, 2], [10_000, 3])).toBeGreaterThan(0);
  });

  test("refuse arrays of two lengths, without a bin, and counts that are none", () => {
    for (const distance of Object.values({ ...ofCounts, chiSquare })) {
      expect(() => distance([1, 2], [1, 2, 3])).toThrow(RangeError);
      expect(() => distance([], [])).toThrow(RangeError);
      expect(() => distance([1, -1], [1, 1])).toThrow(RangeError);
      expect(() => distance([1, 1], [1, Number.NaN])).toThrow(RangeError);
      expect(() => distance([1, Number.POSITIVE_INFINITY], [1, 1])).toThrow(RangeError);
    }
    expect(() => jensenShannon([1, 1], [1, 1], 1)).toThrow(RangeError);
  });
});
