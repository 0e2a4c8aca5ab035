import { expect, test } from "vitest";
import { goldenDetail } from "../../../../agent/src/domain/golden/golden-detail.ts";

test("golden cases are told with three significant digits", () => {
  const measured = { maxAbsoluteError: 4.952307790517807e-7, p50Ms: 0.7466309999999794, p95Ms: 12 };

  expect(goldenDetail({ cases: 10, ...measured })).toBe(
    "10 cases, largest error 4.95e-7, p50 0.747 ms, p95 12 ms",
  );
});

test("a release without golden cases is told to be unproven", () => {
  expect(goldenDetail({ cases: 0, maxAbsoluteError: 0, p50Ms: 0, p95Ms: 0 })).toMatch(/^unproven/);
});
