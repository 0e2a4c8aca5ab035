import { expect, test } from "vitest";
import { goldenDetail } from "../../../../agent/src/domain/golden/golden-detail.ts";

const first = { id: "onnxruntime-node", version: "1.30.0", reason: "first choice" };

test("golden cases are told with three significant digits", () => {
  const measured = { maxAbsoluteError: 4.952307790517807e-7, p50Ms: 0.7466309999999794, p95Ms: 12 };

  expect(goldenDetail({ cases: 10, ...measured }, first)).toBe(
    "10 cases, largest error 4.95e-7, p50 0.747 ms, p95 12 ms; onnxruntime-node 1.30.0 (first choice)",
  );
});

test("a release without golden cases is told to be unproven", () => {
  const nothing = { cases: 0, maxAbsoluteError: 0, p50Ms: 0, p95Ms: 0 };

  expect(goldenDetail(nothing, first)).toMatch(/^unproven/);
});

test("what kept the runtimes before the chosen one from starting is told", () => {
  const second = {
    id: "onnxruntime-web",
    version: "1.30.0",
    reason: "onnxruntime-node: no binary: chosen onnxruntime-web",
  };
  const numbers = { cases: 1, maxAbsoluteError: 0, p50Ms: 1, p95Ms: 1 };

  expect(goldenDetail(numbers, second)).toMatch(
    /; onnxruntime-web 1\.30\.0 \(onnxruntime-node: no binary: chosen onnxruntime-web\)$/,
  );
});
