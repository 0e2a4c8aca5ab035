import {
  type ComparisonStatus,
  chiSquare,
  countStatus,
  cramersV,
  hellinger,
  jensenShannon,
  ksBinned,
  ksTwoSample,
  maximumDeviation,
  psi,
  sampleStatus,
  totalVariationOfCounts,
  wassersteinNormalized,
  wassersteinNormalizedBinned,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";

const HUGE = Number.MAX_VALUE;
const NOTHING = [Number.NaN, Number.NaN];

type Case = readonly [
  name: string,
  reference: readonly number[],
  current: readonly number[],
  status: ComparisonStatus,
];

const samples: readonly Case[] = [
  ["ties", [1, 1, 2, 2, 2], [1, 2, 2, 2, 2], "OK"],
  ["constant and the same", [5, 5, 5], [5, 5], "CONSTANT"],
  ["constant and another", [5, 5, 5], [6, 6], "OK"],
  ["binary", [0, 1, 0, 1], [1, 1, 1, 0], "OK"],
  ["all NaN now", [1, 2, 3], NOTHING, "EMPTY_CURRENT"],
  ["all NaN in the reference", NOTHING, [1, 2], "EMPTY_REFERENCE"],
  ["NaN among values", [1, Number.NaN, 2], [Number.NaN, 3], "OK"],
  ["an empty window", [1, 2, 3], [], "EMPTY_CURRENT"],
  ["an empty reference", [], [1], "EMPTY_REFERENCE"],
  ["two empty ones", [], [], "EMPTY_REFERENCE"],
  ["single values", [1], [2], "OK"],
  ["one single value", [1], [1], "CONSTANT"],
  ["±0", [0, -0], [-0, 0], "CONSTANT"],
  ["infinite values", [1, 2, Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY, 2], "OK"],
  ["the largest doubles", [-HUGE, HUGE], [HUGE, HUGE], "OK"],
  ["a constant far from a huge one", [0, 0], [HUGE], "OK"],
  ["the smallest doubles", [0, Number.MIN_VALUE], [Number.MIN_VALUE], "OK"],
];

test.each(samples)("T5: samples with %s give finite scores and a status", (...given) => {
  const [, reference, current, status] = given;
  for (const method of ["asymptotic", "exact"] as const) {
    const ks = ksTwoSample(reference, current, { method });

    expect(ks.status).toBe(status);
    expectWithin(ks.statistic, 0, 1);
    expectWithin(ks.pValue, 0, 1);
    if (status !== "OK") expect(ks).toMatchObject({ statistic: 0, pValue: 1 });
  }
  expectWithin(wassersteinNormalized(reference, current), 0, HUGE);
  if (status !== "OK") expect(wassersteinNormalized(reference, current)).toBe(0);
  expect(sampleStatus(reference, current)).toBe(status);
});

const counts: readonly Case[] = [
  ["an unseen category", [50, 50, 0], [10, 10, 1], "OK"],
  ["only an unseen category", [50, 50, 0], [0, 0, 9], "OK"],
  ["a category that went", [50, 50, 1], [10, 10, 0], "OK"],
  ["one bin of many in use", [0, 7, 0], [0, 3, 0], "CONSTANT"],
  ["one bin", [7], [3], "CONSTANT"],
  ["binary counts", [90, 10], [5, 5], "OK"],
  ["an empty window", [50, 50], [0, 0], "EMPTY_CURRENT"],
  ["an empty reference", [0, 0], [1, 2], "EMPTY_REFERENCE"],
  ["a single item each", [1, 0], [0, 1], "OK"],
  ["counts past 2³²", [2 ** 40, 2 ** 40], [2 ** 41, 1], "OK"],
  ["the largest shares", [1e300, 1], [1, 1e300], "OK"],
];

test.each(counts)("T5: counts with %s give finite scores and a status", (...given) => {
  const [, reference, current, status] = given;
  const shares = { jensenShannon, hellinger, totalVariationOfCounts, maximumDeviation, ksBinned };
  const binMeans = reference.map((_, bin) => bin);
  const scores = {
    ...Object.fromEntries(
      Object.entries({ ...shares, cramersV }).map(([name, score]) => [
        name,
        score(reference, current),
      ]),
    ),
    psi: psi(reference, current),
    wasserstein: wassersteinNormalizedBinned({ counts: reference, binMeans, sd: 0 }, current),
  };

  for (const [name, score] of Object.entries(scores)) {
    expectWithin(score, 0, name === "psi" ? 19 : name === "wasserstein" ? 1e6 : 1 + 1e-12);
    if (status !== "OK") expect(score, name).toBe(0);
  }
  const chi = chiSquare(reference, current);
  expectWithin(chi.statistic, 0, HUGE);
  expectWithin(chi.pValue, 0, 1);
  expect(chi.status).toBe(status);
  expect(countStatus(reference, current)).toBe(status);
  if (status !== "OK") expect(chi).toMatchObject({ pValue: 1, degreesOfFreedom: 0 });
});

test("T5: an unseen category moves chi-square by what one item is worth, not to ∞ (whylogs)", () => {
  const { statistic, pValue, degreesOfFreedom } = chiSquare([500, 500, 0], [100, 100, 1]);

  expect(statistic).toBeCloseTo(4.979_27, 4);
  expect(degreesOfFreedom).toBe(2);
  expect(pValue).toBeGreaterThan(0.05);
});

test("T5: a bin that nearly empties adds little to PSI (Frouros)", () => {
  expect(psi([9990, 10], [10_000, 0])).toBeLessThan(0.003);
});

test("binned means that fall, are too few, or a deviation below 0 are refused", () => {
  const reference = { counts: [1, 1], binMeans: [0, 1], sd: 1 };

  expect(wassersteinNormalizedBinned(reference, [0, 2])).toBe(0.5);
  expect(wassersteinNormalizedBinned(reference, [0, 2], 4)).toBe(3.5);
  for (const wrong of [
    { binMeans: [1, 0] },
    { binMeans: [0] },
    { binMeans: [0, Number.NaN] },
    { sd: -1 },
  ])
    expect(() => wassersteinNormalizedBinned({ ...reference, ...wrong }, [1, 1])).toThrow(
      RangeError,
    );
});

function expectWithin(score: number | undefined, least: number, most: number): void {
  expect(Number.isFinite(score), `${String(score)} is finite`).toBe(true);
  expect(score).toBeGreaterThanOrEqual(least);
  expect(score).toBeLessThanOrEqual(most);
}
