import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { binOf, countBins } from "../../../../controller/src/domain/profile/bin-of.ts";
import { numericReference } from "../../../../controller/src/domain/profile/numeric-reference.ts";
import { quantileEdges } from "../../../../controller/src/domain/profile/quantile-edges.ts";
import { seededRandom } from "../../../support/random.ts";

interface NumericVector {
  readonly name: string;
  readonly values: readonly number[];
  readonly mean: number;
  readonly sd: number;
  readonly min: number;
  readonly max: number;
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

const vectors = JSON.parse(
  await readFile(new URL("../../../vectors/profile/reference.json", import.meta.url), "utf8"),
) as { readonly numeric: readonly NumericVector[] };

describe.each(vectors.numeric)("$name", (vector) => {
  const made = numericReference(
    {
      name: "x",
      source: { tensor: "x", reduce: "element" },
      values: Float64Array.from(vector.values),
      missing: 0,
    },
    20,
  );

  test("has the edges and counts that NumPy's quantiles give", () => {
    expect(made?.profile.edges).toEqual(vector.edges);
    expect(made?.profile.counts).toEqual(vector.counts);
  });

  test("has NumPy's moments and bounds", () => {
    expect(made?.profile.mean).toBeCloseTo(vector.mean, 10);
    expect(made?.profile.sd).toBeCloseTo(vector.sd, 10);
    expect([made?.profile.min, made?.profile.max]).toEqual([vector.min, vector.max]);
  });

  test("has bin means that weigh up to the mean", () => {
    const { counts = [], binMeans = [] } = made?.profile ?? {};

    const sum = binMeans.reduce((total, mean, bin) => total + mean * (counts[bin] ?? 0), 0);

    expect(sum / vector.values.length).toBeCloseTo(vector.mean, 9);
  });
});

function countsOf(values: readonly number[], edges: readonly number[]): number[] {
  const bins = Uint8Array.from(values, (value) => binOf(edges, value));
  return countBins(bins, edges.length + 1);
}

function edgesOf(values: readonly number[], binsMax: number): number[] {
  return quantileEdges(Float64Array.from(values).sort(), binsMax);
}

test("edges lie halfway between neighbours, so that rounding moves no value across one", () => {
  expect(edgesOf([1, 2, 3, 4], 4)).toEqual([1.5, 2.5, 3.5]);
});

test("a frequent value has a bin for itself, at either end and in between", () => {
  const zeros = [...new Array<number>(80).fill(0), ...Array.from({ length: 20 }, (_, i) => i + 1)];
  const ones = zeros.map((value) => 21 - value);
  const middle = [-2, -1, ...new Array<number>(8).fill(5), 6, 7];

  expect(countsOf(zeros, edgesOf(zeros, 10))).toEqual([80, 10, 10]);
  expect(countsOf(ones, edgesOf(ones, 10))[edgesOf(ones, 10).length]).toBe(80);
  expect(countsOf(middle, edgesOf(middle, 4))).toEqual([2, 8, 2]);
});

test("equal values have one bin", () => {
  expect(edgesOf(new Array<number>(100).fill(3), 20)).toEqual([]);
  expect(edgesOf([7], 20)).toEqual([]);
});

test("two values have two bins, unless one is rarer than a hundredth", () => {
  const rare = (count: number) => [
    ...new Array<number>(1_000 - count).fill(0),
    ...new Array<number>(count).fill(1),
  ];

  expect(edgesOf(rare(500), 20)).toEqual([0.5]);
  expect(edgesOf(rare(10), 20)).toEqual([0.5]);
  expect(edgesOf(rare(9), 20)).toEqual([]);
});

test("neighbouring doubles are parted by the upper one", () => {
  const above = 1 + Number.EPSILON;

  expect(edgesOf([1, above], 2)).toEqual([above]);
  expect(countsOf([1, above], [above])).toEqual([1, 1]);
});

test("any values are counted once, in rising bins of at least a hundredth", () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const levels = 1 + random.below(60);
    const values = Array.from({ length: 1 + random.below(400) }, () => {
      const value = random.normal() * 10 ** (random.below(12) - 6);
      return random.below(2) === 0 ? value : Math.round(value * levels) / levels;
    });
    const edges = edgesOf(values, 20);
    const counts = countsOf(values, edges);

    expect(edges, `seed ${seed}, round ${round}`).toEqual(
      [...new Set(edges)].sort((a, b) => a - b),
    );
    expect(edges.length).toBeLessThan(20);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(values.length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(Math.max(1, values.length / 100));
  }
});

test("moments of values near the largest of a device stay finite", () => {
  const values = Float64Array.from([3.4e38, -3.4e38, 3.4e38, -3.4e38]);

  const made = numericReference(
    { name: "x", source: { tensor: "x", reduce: "element" }, values, missing: 0 },
    10,
  );

  expect(made?.profile.mean).toBe(0);
  expect(made?.profile.sd).toBeCloseTo(3.4e38, -28);
});

test("what is missing and what is no number are told apart", () => {
  const values = Float64Array.from([1, Number.NaN, Number.NaN, Number.NaN, 2, 3, 4, 5]);

  const made = numericReference(
    { name: "x", source: { tensor: "x", reduce: "element" }, values, missing: 2 },
    10,
  );

  expect(made?.profile).toMatchObject({ missingShare: 2 / 8, nanShare: 1 / 8, min: 1, max: 5 });
  expect(made?.binned.bins[1]).toBe(255);
});

test("a feature that no row has is none", () => {
  const values = new Float64Array(3).fill(Number.NaN);

  expect(
    numericReference(
      { name: "x", source: { tensor: "x", reduce: "element" }, values, missing: 1 },
      10,
    ),
  ).toBeNull();
});
