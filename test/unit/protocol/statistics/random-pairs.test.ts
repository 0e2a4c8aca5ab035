import { chiSquare, ksTwoSample, type Numbers, wassersteinNormalized } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { readVectors } from "../../../support/statistics/vectors.ts";

const KINDS = ["uniform", "bell", "ties", "skewed", "binary"] as const;
const BINS = 16;
const N = z.number();
const Pair = z.tuple([N, N, N, N, N, N, N, N, N]);
const { pairs } = z.object({ pairs: z.array(Pair) }).parse(readVectors("random-pairs.json"));

test("T2: 500 random pairs of samples: KS, its p-value, chi-square and Wasserstein are SciPy's", () => {
  const worst = { ks: 0, limitP: 0, smallP: 0, anyP: 0, chi: 0, chiP: 0, wasserstein: 0 };
  pairs.forEach((expected, index) => {
    const [n, m, statistic, limitP, exactP, chi, chiP, df, wasserstein] = expected;
    const [a, b] = pairOf(index);
    const ks = ksTwoSample(a, b);
    const binned = chiSquare(countsOf(a), countsOf(b));

    expect([a.length, b.length, binned.degreesOfFreedom]).toEqual([n, m, df]);
    worst.ks = Math.max(worst.ks, Math.abs(ks.statistic - statistic));
    worst.limitP = Math.max(worst.limitP, Math.abs(ks.pValue - limitP));
    if ((n * m) / (n + m) >= 100) {
      worst.anyP = Math.max(worst.anyP, Math.abs(ks.pValue - exactP));
      if (exactP < 0.05) worst.smallP = Math.max(worst.smallP, Math.abs(ks.pValue - exactP));
    }
    worst.chi = Math.max(worst.chi, relative(binned.statistic, chi));
    worst.chiP = Math.max(worst.chiP, relative(binned.pValue, chiP));
    worst.wasserstein = Math.max(
      worst.wasserstein,
      relative(wassersteinNormalized(a, b), wasserstein),
    );
  });

  expect(pairs).toHaveLength(500);
  expect(worst.ks).toBeLessThanOrEqual(1e-12);
  expect(worst.limitP).toBeLessThanOrEqual(1e-9);
  expect(worst.smallP).toBeLessThanOrEqual(0.01);
  expect(worst.anyP).toBeLessThanOrEqual(0.025); // Near p = 0.5 the limit law itself is that far off.
  expect(worst.chi).toBeLessThanOrEqual(1e-10);
  expect(worst.chiP).toBeLessThanOrEqual(1e-9);
  expect(worst.wasserstein).toBeLessThanOrEqual(1e-10);
});

test("T2: the exact p-value of KS is that of SciPy's ks_2samp", () => {
  const small = pairs.flatMap((pair, index) => (pair[0] * pair[1] <= 1e6 ? [{ pair, index }] : []));

  const errors = small.map(({ pair, index }) => {
    const { pValue } = ksTwoSample(...pairOf(index), { method: "exact" });
    return Math.abs(pValue - pair[4]);
  });

  expect(small.length).toBeGreaterThan(50);
  expect(Math.max(...errors)).toBeLessThanOrEqual(1e-12);
});

function relative(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual / expected - 1);
}

/** The samples of tools/scipy/random_pairs.py, by the same steps. */
function pairOf(index: number): readonly [Float64Array, Float64Array] {
  const [n, m] = [sizeOf(uniform(index, 0)), sizeOf(uniform(index, 1))];
  const value = KINDS.map((kind) => values[kind])[index % KINDS.length] ?? values.uniform;
  const sample = (stream: number, size: number, shift: number) => {
    const made = new Float64Array(size);
    for (let i = 0; i < size; i++) made[i] = value((j) => uniform(stream, 4 * i + j), shift);
    return made;
  };
  return [sample(1000 + 2 * index, n, 0), sample(1001 + 2 * index, m, (index % 7) * 0.02)];
}

const values = {
  uniform: (u, shift) => u(0) + shift,
  bell: (u, shift) => u(0) + u(1) + u(2) + u(3) - 2 + shift,
  ties: (u, shift) => Math.floor((u(0) + shift) * 12),
  skewed: (u, shift) => u(0) * u(0) * u(0) * 1000 + shift,
  binary: (u, shift) => (u(0) + shift > 0.7 ? 1 : 0),
} satisfies Record<(typeof KINDS)[number], (u: (j: number) => number, shift: number) => number>;

function sizeOf(share: number): number {
  return 20 + Math.floor(share * 4981);
}

function uniform(stream: number, counter: number): number {
  let x = (Math.imul(stream, 0x9e37_79b1) + counter) >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85eb_ca6b) >>> 0;
  x = Math.imul(x ^ (x >>> 13), 0xc2b2_ae35) >>> 0;
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32;
}

function countsOf(sample: Float64Array): Numbers {
  const counts = new Float64Array(BINS);
  for (const value of sample) {
    const bin = ((Math.floor(value * 10) % BINS) + BINS) % BINS;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
