import { expect, test } from "vitest";
import {
  createNumericCounter,
  type NumericCounter,
} from "../../../../../../agent/src/domain/telemetry/counters/numeric-counter.ts";

const feature = {
  name: "brightness",
  source: { tensor: "x", reduce: "mean" as const },
  edges: [0, 10, 20],
  counts: [1, 1, 1, 1],
  mean: 5,
  sd: 5,
  min: -10,
  max: 30,
};
const float32Max = 3.4028234663852886e38;

test.each([
  [-10.001, 0],
  [-10, 1],
  [-0.001, 1],
  [-0, 2],
  [0, 2],
  [9.999, 2],
  [10, 3],
  [19.999, 3],
  [20, 4],
  [30, 4],
  [30.001, 5],
  [-float32Max, 0],
  [float32Max, 5],
])("%d is counted in bin %i of: below, [-10,0), [0,10), [10,20), [20,30], above", (value, bin) => {
  const counter = createNumericCounter(feature);
  add(counter, value);

  expect(counter.take().counts).toEqual([0, 1, 2, 3, 4, 5].map((i) => (i === bin ? 1 : 0)));
});

test.each([
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  3.41e38,
  -3.41e38,
])("%d is counted as not a number and touches neither sums nor bounds", (value) => {
  const counter = createNumericCounter(feature);
  add(counter, 5);
  add(counter, value);

  expect(counter.take()).toMatchObject({ nan: 1, sum: 5, sumOfSquares: 25, min: 5, max: 5 });
});

test("what an item does not have is missing", () => {
  const counter = createNumericCounter(feature);
  add(counter, undefined);

  expect(counter.take()).toEqual({
    counts: [0, 0, 0, 0, 0, 0],
    nan: 0,
    missing: 1,
    sum: 0,
    sumOfSquares: 0,
    min: 0,
    max: 0,
  });
});

test("a million small values after a large one are not lost in the sum", () => {
  const counter = createNumericCounter(feature);
  add(counter, 1e16);
  for (let i = 0; i < 1_000_000; i++) add(counter, 0.1);
  add(counter, -1e16);

  // A plain sum gives 0 here.
  expect(counter.take().sum).toBeCloseTo(100_000, 5);
});

test("taking the counts leaves nothing behind", () => {
  const counter = createNumericCounter(feature);
  const empty = counter.take();
  add(counter, 1);
  add(counter, Number.NaN);
  add(counter, undefined);
  counter.take();

  expect(counter.take()).toEqual(empty);
});

test("a bound of minus zero is zero, so equal windows are equal bytes", () => {
  const counter = createNumericCounter(feature);
  add(counter, -0);

  const { min, max, sum } = counter.take();
  expect([min, max, sum].map((bound) => Object.is(bound, 0))).toEqual([true, true, true]);
});

function add(counter: NumericCounter, value: number | undefined): void {
  if (value === undefined) counter.addMissing();
  else counter.addAt(Float64Array.of(value), 0);
}
