import fc from "fast-check";
import { expect, test } from "vitest";
import { exactSum, roundedSum } from "../../../../controller/src/domain/telemetry/exact-sum.ts";

const seed = 20_260_721;
const term = fc.double({ noNaN: true, min: -1e90, max: 1e90 });

test.each<[string, number[], number]>([
  ["nothing", [], 0],
  ["terms that cancel", [1e90, 1, -1e90], 1],
  ["ten tenths", new Array<number>(10).fill(0.1), 1],
  ["a tie that another term decides upwards", [2 ** 53, 1, 2 ** -60], 2 ** 53 + 2],
  ["a tie that another term decides downwards", [2 ** 53, 1, -(2 ** -60)], 2 ** 53],
  ["a tie by itself, to even", [2 ** 53, 1], 2 ** 53],
  ["the least double", [Number.MIN_VALUE, 0, -0], Number.MIN_VALUE],
])("the sum of %s is rounded once", (_, terms, expected) => {
  expect(roundedSum(exactSum(terms))).toBe(expected);
});

test(`the nearest double agrees with whole-number arithmetic (seed ${seed})`, () => {
  // Multiples of 2^-30 below 2^60 have an exact sum in whole numbers.
  const scaled = fc.array(fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }), { maxLength: 50 });
  fc.assert(
    fc.property(scaled, (numbers) => {
      const whole = numbers.reduce((sum, number) => sum + number * 2n ** 7n, 0n);
      const terms = numbers.map((number) => Number(number) * 2 ** -23);
      expect(roundedSum(exactSum(terms))).toBe(Number(whole) * 2 ** -30);
    }),
    { seed },
  );
});

test(`any order and grouping gives the same form (seed ${seed})`, () => {
  const terms = fc.array(term, { maxLength: 60 });
  fc.assert(
    fc.property(terms, fc.array(fc.nat(59)), (values, cuts) => {
      const direct = exactSum(values);
      const turned = values.toReversed();
      const bounds = [0, ...cuts.toSorted((a, b) => a - b), values.length];
      const groups = bounds.slice(1).map((end, i) => exactSum(turned.slice(bounds[i], end)));
      expect(exactSum(groups.flat())).toEqual(direct);
    }),
    { seed },
  );
});
