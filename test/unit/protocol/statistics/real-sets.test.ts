import {
  chiSquare,
  cramersV,
  hellinger,
  jensenShannon,
  ksBinned,
  ksTwoSample,
  maximumDeviation,
  type Numbers,
  psi,
  totalVariationOfCounts,
  wassersteinNormalized,
  wassersteinNormalizedBinned,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { binned } from "../../../support/statistics/quantile-bins.ts";
import { readVectors } from "../../../support/statistics/vectors.ts";

const N = z.number();
const OfCounts = z.object({
  psi: N,
  jensenShannon: N,
  hellinger: N,
  totalVariation: N,
  maximumDeviation: N,
  ksBinned: N,
  chiSquare: N,
  chiSquareP: N,
  degreesOfFreedom: N,
  cramersV: N,
});
const Counts = z.object({
  name: z.string(),
  referenceCounts: z.array(N),
  currentCounts: z.array(N),
});
const Column = Counts.extend({
  reference: z.array(N),
  current: z.array(N),
  edges: z.array(N),
  expected: OfCounts.extend({
    ksStatistic: N,
    ksLimitP: N,
    wasserstein: N,
    wassersteinBinned: N,
    sd: N,
    binMeans: z.array(N),
  }),
});
const { columns, classes } = z
  .object({ columns: z.array(Column), classes: z.array(Counts.extend({ expected: OfCounts })) })
  .parse(readVectors("real-sets.json"));

test.each(columns)("T3: statistics of $name, split in two, are SciPy's to 6 digits", (column) => {
  const { reference, current, edges, referenceCounts, currentCounts, expected } = column;
  const { sd, binMeans, ...golden } = expected;
  const ks = ksTwoSample(reference, current);

  expect(binned(reference, edges)).toEqual(referenceCounts);
  expect(binned(current, edges)).toEqual(currentCounts);
  expectClose(golden, {
    ...ofCounts(referenceCounts, currentCounts),
    ksStatistic: ks.statistic,
    ksLimitP: ks.pValue,
    wasserstein: wassersteinNormalized(reference, current),
    wassersteinBinned: wassersteinNormalizedBinned(
      { counts: referenceCounts, binMeans, sd },
      currentCounts,
    ),
  });
});

test.each(classes)("T3: statistics of the classes of $name are SciPy's to 6 digits", (counts) => {
  expectClose(counts.expected, ofCounts(counts.referenceCounts, counts.currentCounts));
});

function ofCounts(r: Numbers, c: Numbers): z.infer<typeof OfCounts> {
  const test = chiSquare(r, c);
  return {
    psi: psi(r, c),
    jensenShannon: jensenShannon(r, c),
    hellinger: hellinger(r, c),
    totalVariation: totalVariationOfCounts(r, c),
    maximumDeviation: maximumDeviation(r, c),
    ksBinned: ksBinned(r, c),
    chiSquare: test.statistic,
    chiSquareP: test.pValue,
    degreesOfFreedom: test.degreesOfFreedom,
    cramersV: cramersV(r, c),
  };
}

function expectClose(
  expected: Readonly<Record<string, number>>,
  actual: Readonly<Record<string, number>>,
): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, golden] of Object.entries(expected)) {
    const error = Math.abs((actual[name] ?? Number.NaN) - golden);
    expect(error, name).toBeLessThanOrEqual(5e-7 * Math.abs(golden));
  }
}
