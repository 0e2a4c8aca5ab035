import { describe, expect, test } from "vitest";
import { compareAnswer } from "../../../../agent/src/domain/golden/compare-answer.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { textLike } from "../../../support/agent/text-like.ts";

const y = (...values: readonly number[]) => floatTensor("y", [1, values.length], values);
const whole = (...values: readonly bigint[]) => ({
  name: "y",
  dtype: "int64" as const,
  shape: [values.length],
  bytes: new Uint8Array(BigInt64Array.from(values).buffer),
});

describe("allclose", () => {
  // numpy.isclose(a, b): |a − b| <= atol + rtol · |b|, b the expected one.
  const compare = { kind: "allclose", atol: 0.5, rtol: 0.25 } as const;

  test("takes an error of exactly atol + rtol · |expected|, and none above it", () => {
    expect(compareAnswer(y(4), y(5.5), compare)).toEqual({ maxAbsoluteError: 1.5 });
    expect(compareAnswer(y(4), y(2.5), compare)).toEqual({ maxAbsoluteError: 1.5 });
    expect(compareAnswer(y(4), y(5.5000005), compare).difference).toBe(
      "output y[0]: expected 4, got 5.500000476837158",
    );
    expect(compareAnswer(y(-4), y(-5.75), compare).difference).toMatch("expected -4, got -5.75");
  });

  test("names the first element that differs, and measures all of them", () => {
    expect(compareAnswer(y(1, 2, 3), y(1, 4, 9), compare)).toEqual({
      maxAbsoluteError: 6,
      difference: "output y[1]: expected 2, got 4",
    });
  });

  test("takes NaN only for NaN, and an infinity only for the same one", () => {
    const [nan, up] = [Number.NaN, Number.POSITIVE_INFINITY];

    expect(compareAnswer(y(nan), y(nan), compare)).toEqual({ maxAbsoluteError: 0 });
    expect(compareAnswer(y(up), y(up), compare)).toEqual({ maxAbsoluteError: 0 });
    expect(compareAnswer(y(1), y(nan), compare).difference).toMatch("expected 1, got NaN");
    expect(compareAnswer(y(nan), y(1), compare).difference).toMatch("expected NaN, got 1");
    expect(compareAnswer(y(up), y(-up), compare).difference).toMatch("got -Infinity");
    expect(compareAnswer(y(up), y(1), compare).difference).toMatch("expected Infinity, got 1");
    expect(compareAnswer(y(1), y(up), compare).maxAbsoluteError).toBe(Number.POSITIVE_INFINITY);
  });

  test("takes +0 for −0", () => {
    expect(compareAnswer(y(0), y(-0), { kind: "allclose", atol: 0, rtol: 0 })).toEqual({
      maxAbsoluteError: 0,
    });
  });

  test("sees a difference of one between whole numbers that doubles cannot tell apart", () => {
    const exact = { kind: "allclose", atol: 0, rtol: 0 } as const;

    expect(compareAnswer(whole(2n ** 60n), whole(2n ** 60n + 1n), exact)).toMatchObject({
      maxAbsoluteError: 1,
      difference: textLike("got 1152921504606846977"),
    });
  });
});

describe("argmax", () => {
  const compare = { kind: "argmax" } as const;

  test("compares where the largest is in every row, not how large it is", () => {
    const rows = (...values: readonly number[]) => floatTensor("y", [2, 2], values);

    expect(compareAnswer(rows(0, 1, 5, 2), rows(3, 4, 9, 8), compare).difference).toBeUndefined();
    expect(compareAnswer(rows(0, 1, 5, 2), rows(3, 4, 8, 9), compare).difference).toBe(
      "output y[2…]: expected index 0 on top, got 1",
    );
  });

  test("takes the lower index of two equals", () => {
    expect(compareAnswer(y(7, 7), y(9, 1), compare).difference).toBeUndefined();
    expect(compareAnswer(y(7, 7), y(1, 9), compare).difference).toMatch("got 1");
  });

  test("a NaN anywhere in the row is a difference, even where NaN was expected", () => {
    expect(compareAnswer(y(1, 2), y(Number.NaN, 2), compare).difference).toMatch("got NaN");
    expect(compareAnswer(y(Number.NaN, 2), y(Number.NaN, 2), compare).difference).toMatch("NaN");
  });
});

describe("topk", () => {
  test("compares which are the k largest, in any order among themselves", () => {
    const compare = { kind: "topk", k: 2 } as const;

    expect(compareAnswer(y(1, 9, 8), y(0, 5, 6), compare).difference).toBeUndefined();
    expect(compareAnswer(y(1, 9, 8), y(7, 5, 6), compare).difference).toBe(
      "output y[0…]: expected index 1,2 on top, got 0,2",
    );
  });

  test("takes everything when k is the whole row", () => {
    expect(compareAnswer(y(1, 2), y(2, 1), { kind: "topk", k: 9 }).difference).toBeUndefined();
  });
});

describe("exact", () => {
  const compare = { kind: "exact" } as const;

  test("takes the same bits and no other, NaN and −0 included", () => {
    expect(compareAnswer(y(1, Number.NaN), y(1, Number.NaN), compare).difference).toBeUndefined();
    expect(compareAnswer(y(0), y(-0), compare).difference).toBe("output y[0]: expected 0, got -0");
    expect(compareAnswer(y(1), y(1.0000001), compare).difference).toMatch(
      "expected 1, got 1.0000001",
    );
  });
});

test("another shape or element type is a difference under any comparator", () => {
  const other = { ...y(1, 2), shape: [2, 1] };

  for (const kind of ["argmax", "exact"] as const) {
    expect(compareAnswer(y(1, 2), other, { kind }).difference).toBe(
      "output y: expected float32 [1,2], got float32 [2,1]",
    );
  }
  expect(compareAnswer(y(1), whole(1n), { kind: "exact" }).difference).toMatch("got int64 [1]");
});
