import { expect, test } from "vitest";
import { seededRandom, xoshiro128 } from "../../support/random.ts";

test("the generator gives the published sequence of xoshiro128**", () => {
  const word = xoshiro128([1, 2, 3, 4]);

  const words = Array.from({ length: 8 }, () => word());

  // The vector of the reference program in C, as used by the rand_xoshiro crate.
  expect(words).toEqual([
    11_520, 0, 5_927_040, 70_819_200, 2_031_721_883, 1_637_235_492, 1_287_239_034, 3_734_860_849,
  ]);
});

test("the same seed gives the same numbers and its neighbour gives others", () => {
  const five = (seed: number) => Array.from({ length: 5 }, seededRandom(seed).next);

  expect(five(1)).toEqual(five(1));
  expect(five(1)).not.toEqual(five(2));
});

test("numbers lie in [0, 1) and are spread evenly", () => {
  const random = seededRandom(3);
  const counts = new Array<number>(10).fill(0);

  for (let i = 0; i < 10_000; i++) {
    const bin = random.below(10);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }

  // Chi-squared with 9 degrees of freedom: 27.9 is its 99.9 % quantile.
  const chiSquared = counts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0);
  expect(chiSquared).toBeLessThan(27.9);
});

test("normal numbers have mean 0 and standard deviation 1", () => {
  const random = seededRandom(4);

  const values = Array.from({ length: 20_000 }, random.normal);

  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  // Four standard errors of each.
  expect(Math.abs(mean)).toBeLessThan(0.0283);
  expect(Math.abs(variance - 1)).toBeLessThan(0.04);
});

test("a shuffled list has the same members, and the list given is left alone", () => {
  const members = Array.from({ length: 100 }, (_, i) => i);

  const order = seededRandom(5).shuffled(members);

  expect(order).not.toEqual(members);
  expect(order.sort((left, right) => left - right)).toEqual(members);
});

test.each([-1, 2 ** 32, 0.5, Number.NaN])("the seed %d is refused", (seed) => {
  expect(() => seededRandom(seed)).toThrow(RangeError);
});

test.each([0, -1, 1.5, 2 ** 32 + 1])("the bound %d is refused", (bound) => {
  expect(() => seededRandom(1).below(bound)).toThrow(RangeError);
});
