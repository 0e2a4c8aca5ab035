import {
  ksBinned,
  ksTwoSample,
  wassersteinNormalized,
  wassersteinNormalizedBinned,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seededRandom } from "../../../support/random.ts";
import { binMeans, binned, quantileEdges } from "../../../support/statistics/quantile-bins.ts";

const SEED = 20_241_121;
const SHIFTS = [0, 0.1, 0.2, 0.3, 0.4, 0.5];
const RUNS = 20;
const ITEMS = 1000;

/** Six shifts of a normal, twenty pairs each: the reference has five times the items of a window. */
const random = seededRandom(SEED);
const normals = (n: number, shift: number) =>
  Float64Array.from({ length: n }, () => random.normal() + shift);
const pairs = SHIFTS.flatMap((shift) =>
  Array.from({ length: RUNS }, () => [normals(5 * ITEMS, 0), normals(ITEMS, shift)] as const),
);

test(`T4: KS of 32 bins is below the exact one by at most a bin, .004 on average (seed ${SEED})`, () => {
  const gaps = pairs.map(([reference, current]) => {
    const edges = quantileEdges(reference, 32);
    const [r, c] = [binned(reference, edges), binned(current, edges)];
    const exact = ksTwoSample(reference, current).statistic;
    const gap = exact - ksBinned(r, c);
    const mass = Math.max(
      ...r.map((count, bin) => Math.max(count / reference.length, (c[bin] ?? 0) / ITEMS)),
    );

    expect(gap).toBeGreaterThanOrEqual(-1e-12);
    expect(gap).toBeLessThanOrEqual(mass + 1e-12);
    return gap;
  });

  expect(mean(gaps)).toBeLessThanOrEqual(0.004);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(0.012);
});

test(`T4: Wasserstein of 20 bins is within .02 of that of the values (seed ${SEED})`, () => {
  const errors = pairs.map(([reference, current]) => {
    const edges = quantileEdges(reference, 20);
    const counts = binned(reference, edges);
    const sd = Math.sqrt(mean(reference.map((x) => x * x)) - mean(reference) ** 2);
    const seen = { counts, binMeans: binMeans(reference, edges), sd };
    const estimate = wassersteinNormalizedBinned(seen, binned(current, edges), mean(current));
    return Math.abs(estimate - wassersteinNormalized(reference, current));
  });

  expect(Math.max(...errors)).toBeLessThanOrEqual(0.02);
});

test("the bound of KS holds for values of a few steps, too", () => {
  for (let run = 0; run < 200; run++) {
    const steps = 2 + random.below(30);
    const sample = (n: number) => Float64Array.from({ length: n }, () => random.below(steps));
    const [reference, current] = [sample(200), sample(50 + random.below(100))];
    const edges = quantileEdges(reference, 8);
    const [r, c] = [binned(reference, edges), binned(current, edges)];

    const gap = ksTwoSample(reference, current).statistic - ksBinned(r, c);

    const mass = Math.max(
      ...r.map((count, bin) => Math.max(count / 200, (c[bin] ?? 0) / current.length)),
    );
    expect(gap).toBeGreaterThanOrEqual(-1e-12);
    expect(gap).toBeLessThanOrEqual(mass + 1e-12);
  }
});

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] ?? 0;
  return sum / values.length;
}
