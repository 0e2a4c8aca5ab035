import {
  benjaminiHochberg,
  chiSquareQuantile,
  chiSquareSurvival,
  KS_EXACT_PAIRS_MAX,
  kolmogorovSurvival,
  ksExactSurvival,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readVectors } from "../../../support/statistics/vectors.ts";

const Triples = z.array(z.tuple([z.number(), z.number(), z.number()]));
const { survival, quantile, kolmogorov, discovery } = z
  .object({
    survival: Triples,
    quantile: Triples,
    kolmogorov: z.array(z.tuple([z.number(), z.number()])),
    discovery: z.array(
      z.object({ q: z.number(), pValues: z.array(z.number()), adjusted: z.array(z.number()) }),
    ),
  })
  .parse(readVectors("laws.json"));

describe("the χ² law", () => {
  test("T2: survival is that of SciPy's chi2.sf from .5 to 10 000 degrees of freedom, far into the tail", () => {
    for (const [x, df, expected] of survival)
      expect(relative(chiSquareSurvival(x, df), expected), `${x}, ${df}`).toBeLessThan(1e-10);
  });

  test("T2: quantiles are those of SciPy's chi2.ppf", () => {
    for (const [p, df, expected] of quantile)
      expect(relative(chiSquareQuantile(p, df), expected), `${p}, ${df}`).toBeLessThan(1e-10);
  });

  test("the gate of PSI is at most .1 from 279 items on with 10 bins, and from 439 with 20", () => {
    const gate = (bins: number, n: number) => chiSquareQuantile(0.999, bins - 1) * (1 / n + 1e-5);

    expect([gate(10, 278) <= 0.1, gate(10, 280) <= 0.1]).toEqual([false, true]);
    expect([gate(20, 438) <= 0.1, gate(20, 441) <= 0.1]).toEqual([false, true]);
  });

  test("ends where it must", () => {
    expect(chiSquareSurvival(0, 3)).toBe(1);
    expect(chiSquareSurvival(Number.POSITIVE_INFINITY, 3)).toBe(0);
    expect(chiSquareSurvival(1e6, 3)).toBe(0);
    expect(chiSquareQuantile(0, 3)).toBe(0);
  });

  test("refuses what is no value, no chance or no degree of freedom", () => {
    for (const [x, df] of [
      [-1, 1],
      [Number.NaN, 1],
      [1, 0],
      [1, -1],
      [1, Number.NaN],
      [1, Number.POSITIVE_INFINITY],
    ] as const)
      expect(() => chiSquareSurvival(x, df)).toThrow(RangeError);
    for (const p of [-0.1, 1, Number.NaN])
      expect(() => chiSquareQuantile(p, 1)).toThrow(RangeError);
  });
});

describe("Kolmogorov's law", () => {
  test("T2: survival is that of SciPy's kstwobign.sf", () => {
    for (const [x, expected] of kolmogorov)
      expect(Math.abs(kolmogorovSurvival(x) - expected), `${x}`).toBeLessThan(1e-14);
  });

  test("refuses what is no gap, and the exact law more pairs than it has time for", () => {
    expect(() => kolmogorovSurvival(-1)).toThrow(RangeError);
    expect(() => kolmogorovSurvival(Number.NaN)).toThrow(RangeError);
    expect(() => ksExactSurvival(0.1, KS_EXACT_PAIRS_MAX, 2)).toThrow(RangeError);
  });
});

describe("Benjamini and Hochberg", () => {
  /** The fifteen p-values of the example in their paper of 1995 (infarction): four stand at q = .05. */
  const paper = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719,
    0.6528, 0.759, 1,
  ];

  test("finds the four of the paper's example, in any order", () => {
    expect(benjaminiHochberg(paper, 0.05).indexOf(false)).toBe(4);
    expect(benjaminiHochberg(paper.toReversed(), 0.05).lastIndexOf(false)).toBe(10);
    expect(benjaminiHochberg(paper, 0.05).filter(Boolean)).toHaveLength(4);
  });

  test("takes what SciPy's adjusted p-values would", () => {
    expect(discovery.length).toBeGreaterThan(5);
    for (const { q, pValues, adjusted } of discovery)
      expect(benjaminiHochberg(pValues, q)).toEqual(adjusted.map((p) => p <= q));
  });

  test("lets a larger p-value stand that a smaller one behind it carries", () => {
    expect(benjaminiHochberg([0.04, 0.045, 0.049], 0.05)).toEqual([true, true, true]);
    expect(benjaminiHochberg([0.04, 0.045, 0.051], 0.05)).toEqual([false, false, false]);
  });

  test("takes no test at all, and one", () => {
    expect(benjaminiHochberg([], 0.05)).toEqual([]);
    expect(benjaminiHochberg([0.05], 0.05)).toEqual([true]);
    expect(benjaminiHochberg([0.0501], 0.05)).toEqual([false]);
  });

  test("refuses what is no chance", () => {
    for (const p of [-0.01, 1.01, Number.NaN])
      expect(() => benjaminiHochberg([0.5, p], 0.05)).toThrow(RangeError);
    for (const q of [0, 1, Number.NaN])
      expect(() => benjaminiHochberg([0.5], q)).toThrow(RangeError);
  });
});

function relative(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual / expected - 1);
}
