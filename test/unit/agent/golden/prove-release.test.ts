import { runnerLimits, type TensorSpec } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { type Proof, proveRelease } from "../../../../agent/src/domain/golden/prove-release.ts";
import { readGolden } from "../../../../agent/src/domain/golden/read-golden.ts";
import { smokeTest } from "../../../../agent/src/domain/golden/smoke-test.ts";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { floatsOf, floatTensor } from "../../../support/agent/floats.ts";
import { textLike } from "../../../support/agent/text-like.ts";

const x: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 1] };
const y: TensorSpec = { name: "y", dtype: "float32", shape: [-1, 1] };
const signature = { inputs: [x], outputs: [y] };
const tensor = (name: string, data: readonly unknown[]) => ({
  name,
  datatype: "FP32",
  shape: [1, 1],
  data,
});
const twice = (x: number, y: number | string = 2 * x) => ({
  name: `twice ${x}`,
  inputs: [tensor("x", [x])],
  outputs: [tensor("y", [y])],
  compare: { kind: "allclose", atol: 0.001, rtol: 0 },
});
const golden = (changes: object = {}) =>
  readGolden(
    { spec: 1, finite: true, cases: [twice(1), twice(2), twice(3)], ...changes },
    signature,
  );

/** A model that doubles, on a clock that moves only while it runs. */
function proofOf(
  run: (x: number, call: number) => number = (x) => 2 * x,
  tookMs: (call: number) => number = () => 1,
): Proof & { readonly limitsMs: number[] } {
  let nowMs = 0;
  const limitsMs: number[] = [];
  return {
    limitsMs,
    monotonicMs: () => nowMs,
    loadMs: 20_000,
    inferMs: 500,
    run: (inputs: readonly Tensor[], _outputs, runMsMax) => {
      limitsMs.push(runMsMax);
      const call = limitsMs.length - 1;
      nowMs += tookMs(call);
      try {
        const [x = 0] = inputs.flatMap(floatsOf);
        return Promise.resolve([floatTensor("y", [1, 1], [run(x, call)])]);
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    },
  };
}

function failing(code: "DEADLINE_EXCEEDED" | "RUNNER_CRASH" | "RUN_FAILED", fromCall = 0): Proof {
  return proofOf((x, call) => {
    if (call >= fromCall) throw new InferError(code, "no answer");
    return 2 * x;
  });
}

describe("a release that answers as its golden cases say", () => {
  test("is proven, with its times and its largest error", async () => {
    const proof = proofOf(
      (x) => 2 * x + (x === 2 ? 0.0005 : 0),
      (call) => 10 + call,
    );

    const result = await proveRelease(golden(), proof);

    expect(result).toEqual({
      cases: 3,
      maxAbsoluteError: roughly(0.0005),
      p50Ms: 12,
      p95Ms: 13,
      ranked: [],
      allowsNonFinite: false,
    });
    expect(proof.limitsMs).toEqual([20_000, 500, 500, 500]);
  });

  test("tells which outputs its cases compare by their largest value, and whether NaN may be answered", async () => {
    const { cases } = golden();
    const ranking = cases.map((golden1, i) => {
      return i === 0 ? golden1 : { ...golden1, compare: { kind: "argmax" } as const };
    });
    const names = cases[1]?.outputs.map(({ name }) => name);

    const result = await proveRelease(
      { finite: false, cases: ranking },
      proofOf((x) => 2 * x),
    );

    expect(result).toMatchObject({ ranked: names, allowsNonFinite: true });
    expect(names).toHaveLength(1);
  });

  test("but slowly is asked again, and taken when a later round is fast enough", async () => {
    const busyAtFirst = proofOf(undefined, (call) => (call <= 3 ? 90 : 10));

    const result = await proveRelease(golden({ maxP95Ms: 50 }), busyAtFirst);

    expect(result.p95Ms).toBe(10);
    expect(busyAtFirst.limitsMs).toHaveLength(1 + 2 * 3);
  });

  test("but slowly in every round is refused, GOLDEN_SLOW; one millisecond less is not", async () => {
    const took = (ms: number) => proofOf(undefined, () => ms);

    await expect(proveRelease(golden({ maxP95Ms: 50 }), took(50))).resolves.toBeDefined();
    const slow = took(51);
    await expect(proveRelease(golden({ maxP95Ms: 50 }), slow)).rejects.toMatchObject({
      code: "GOLDEN_SLOW",
      message: "golden cases: expected a 95th percentile of at most 50 ms, got 51 ms",
    });
    expect(slow.limitsMs).toHaveLength(1 + runnerLimits.goldenRoundsMax * 3);
  });
});

describe("a release that does not", () => {
  test("is refused with the case, the element and the error", async () => {
    const wrong = proofOf((x) => (x === 3 ? 7 : 2 * x));

    await expect(proveRelease(golden(), wrong)).rejects.toMatchObject({
      code: "GOLDEN_MISMATCH",
      message:
        "golden case twice 3: output y[0]: expected 6, got 7 (allclose, max absolute error 1)",
    });
  });

  test("answers NaN is refused, NON_FINITE, unless its cases allow it", async () => {
    const nan = proofOf(() => Number.NaN);
    const cases = [twice(1, "NaN")];

    await expect(proveRelease(golden(), nan)).rejects.toMatchObject({
      code: "NON_FINITE",
      message: "golden case twice 1: expected finite outputs, but y[0] is NaN",
    });
    await expect(proveRelease(golden({ finite: false, cases }), nan)).resolves.toMatchObject({
      cases: 1,
    });
  });

  test.each([
    [
      "cannot run at all",
      failing("RUN_FAILED"),
      "LOAD_FAILED",
      "the first inference: the model loads but cannot run: no answer",
    ],
    [
      "dies in a case",
      failing("RUNNER_CRASH", 2),
      "RUNNER_CRASH",
      "golden case twice 2: expected an answer: no answer",
    ],
    [
      "never ends its first run",
      failing("DEADLINE_EXCEEDED"),
      "WARMUP_TIMEOUT",
      "first inference: no answer",
    ],
    [
      "never ends a case",
      failing("DEADLINE_EXCEEDED", 1),
      "GOLDEN_SLOW",
      "golden case twice 1: no answer",
    ],
  ] as const)("since it %s is refused", async (_, proof, code, message) => {
    await expect(proveRelease(golden(), proof)).rejects.toMatchObject({ code, message });
  });
});

describe("a golden file", () => {
  const read = (value: unknown) => () => readGolden(value, signature);
  const file = { spec: 1, finite: true, cases: [twice(1)] };
  const withCase = (changes: object) => ({ ...file, cases: [{ ...twice(1), ...changes }] });

  test.each([
    ["of another format", { ...file, spec: 2 }, /^golden file: spec: /],
    ["without cases", { ...file, cases: [] }, /^golden file: cases: /],
    ["that is a list", [], /^golden file: /],
    [
      "for another input",
      withCase({ inputs: [tensor("z", [1])] }),
      /case twice 1: input z: expected one of x/,
    ],
    [
      "for another output",
      withCase({ outputs: [tensor("q", [1])] }),
      /case twice 1: output q: expected one of y/,
    ],
    [
      "with a cut tensor",
      withCase({ outputs: [tensor("y", [])] }),
      /case twice 1: output y: expected 1 elements, got 0/,
    ],
    ["with an unknown comparator", withCase({ compare: { kind: "vibes" } }), /compare/],
  ])("%s is refused, FORMAT", (_, value, message) => {
    expect(read(file)).not.toThrow();
    expect(read(value)).toThrow(
      expect.objectContaining({ code: "FORMAT", message: textLike(message) }),
    );
  });
});

describe("without golden cases", () => {
  test("a model that runs on generated inputs is taken, and marked as unproven", async () => {
    expect(await smokeTest(signature, proofOf())).toMatchObject({ cases: 0, p95Ms: 1 });
  });

  test("a model that answers NaN or in another shape is refused", async () => {
    await expect(
      smokeTest(
        signature,
        proofOf(() => Number.NaN),
      ),
    ).rejects.toMatchObject({
      code: "NON_FINITE",
    });
    const wide = { ...signature, outputs: [{ ...y, shape: [-1, 2] }] };
    await expect(smokeTest(wide, proofOf())).rejects.toMatchObject({
      code: "INCOMPATIBLE_SIGNATURE",
      message: "output y: expected shape [-1,2], got [1,1]",
    });
  });

  test("free sizes are tried until one runs, and the refusal tells to bring golden cases", async () => {
    const free = { ...signature, inputs: [{ ...x, shape: [-1, -1] }] };
    const third = proofOf((_, call) => {
      if (call < 2) throw new InferError("RUN_FAILED", "bad size");
      return 1;
    });

    await expect(smokeTest(free, third)).resolves.toMatchObject({ cases: 0 });
    await expect(smokeTest(free, failing("RUN_FAILED"))).rejects.toMatchObject({
      code: "LOAD_FAILED",
      message: textLike("give it golden cases"),
    });
  });
});

function roughly(value: number): unknown {
  return expect.closeTo(value, 6);
}
