import { measureLimits, type TensorSpec } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { createLiveMeasures } from "../../../../agent/src/domain/serving/live-measures.ts";
import { createOutputWindow } from "../../../../agent/src/domain/serving/output-window.ts";
import { createRecentNumbers } from "../../../../agent/src/domain/serving/recent-numbers.ts";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { releaseDocument } from "../../../support/trust-fixtures.ts";

const latestOf = (spec: Omit<TensorSpec, "name">, ...tensors: readonly Tensor[]) => {
  const window = createOutputWindow({ name: "y", ...spec });
  for (const [turn, tensor] of tensors.entries()) window.observe(tensor, turn);
  return { kind: window.kind, bins: window.bins, latest: [...window.latest()] };
};
const float = { dtype: "float32" as const };

describe("an output of several floats in its last dimension", () => {
  test("is one of classes: the index of the largest, the first of equals", () => {
    const answers = [floatTensor("y", [1, 3], [0, 2, 1]), floatTensor("y", [1, 3], [5, 5, 5])];

    expect(latestOf({ ...float, shape: [-1, 3] }, ...answers)).toEqual({
      ...{ kind: "classes", bins: 3 },
      latest: [1, 0],
    });
  });

  test("counts one row of each answer, another one in each turn", () => {
    const rows = floatTensor("y", [3, 2], [0, 1, 1, 0, 0, 1]);

    expect(latestOf({ ...float, shape: [-1, 2] }, rows, rows, rows, rows).latest).toEqual([
      1, 0, 1, 1,
    ]);
  });

  test("counts a row with NaN nowhere", () => {
    const row = floatTensor("y", [1, 2], [Number.NaN, 1]);

    expect(latestOf({ ...float, shape: [-1, 2] }, row).latest).toEqual([]);
  });

  test("folds more classes than there are bins", () => {
    const wide = new Float32Array(100);
    wide[measureLimits.binsMax + 3] = 1;

    expect(latestOf({ ...float, shape: [1, 100] }, floatTensor("y", [1, 100], wide))).toEqual({
      ...{ kind: "classes", bins: measureLimits.binsMax },
      latest: [3],
    });
  });
});

describe("any other output of numbers", () => {
  test.each([
    ["one float a row", { ...float, shape: [-1, 1] }, floatTensor("y", [1, 1], [0.5]), [0.5]],
    ["a batch of floats", { ...float, shape: [-1] }, floatTensor("y", [2], [0.5, 0.25]), [0.5]],
    ["a float by itself", { ...float, shape: [] }, floatTensor("y", [], [0.5]), [0.5]],
    ["an infinite float", { ...float, shape: [-1, 1] }, floatTensor("y", [1, 1], [1 / 0]), []],
    ["no row at all", { ...float, shape: [-1, 1] }, floatTensor("y", [0, 1], []), []],
  ])("is one of values: %s", (_, spec, tensor, latest) => {
    expect(latestOf(spec, tensor)).toEqual({ kind: "values", bins: 0, latest });
  });

  test("whole numbers and texts are no classes of theirs", () => {
    const label = {
      name: "y",
      dtype: "int64",
      shape: [1],
      bytes: new Uint8Array([7, 0, 0, 0, 0, 0, 0, 0]),
    } as const;
    const text = {
      name: "y",
      dtype: "string",
      shape: [1],
      bytes: new Uint8Array([1, 0, 0, 0, 65]),
    } as const;

    expect(latestOf({ dtype: "int64", shape: [-1] }, label).latest).toEqual([7]);
    expect(latestOf({ dtype: "string", shape: [-1] }, text).latest).toEqual([]);
  });
});

test("the latest numbers are kept, and no more than there is room for", () => {
  const recent = createRecentNumbers(128);
  for (let i = 0; i < 1_000; i++) recent.push(i);

  expect(recent.count()).toBe(1_000);
  expect([...recent.latest()].sort((a, b) => a - b)).toEqual(
    Array.from({ length: 128 }, (_, i) => 872 + i),
  );
});

describe("what is held against a model", () => {
  const answer = { outputs: [floatTensor("y", [1, 10], new Array(10).fill(0))], latencyUs: 100 };
  const failed = (
    errorCode: "RUN_FAILED" | "RUNNER_CRASH" | "BAD_TENSOR" | "DEADLINE_EXCEEDED",
    latencyUs = 100,
  ) => ({ outputs: undefined, latencyUs, errorCode }) as const;
  // inferMs of the fixture.
  const inferUs = 500_000;

  test.each([
    ["its own failure", failed("RUN_FAILED"), 1],
    ["the end of its process", failed("RUNNER_CRASH"), 1],
    ["being slower than it may be", failed("DEADLINE_EXCEEDED", inferUs), 1],
    ["not a caller's shorter deadline", failed("DEADLINE_EXCEEDED", inferUs - 1), 0],
    ["not a caller's bad tensor", failed("BAD_TENSOR"), 0],
  ])("%s", (_, outcome, count) => {
    const measures = createLiveMeasures(releaseDocument());
    measures.observe(answer);
    measures.observe(outcome);

    expect(measures.failed()).toBe(count);
    expect(measures.answered()).toBe(1);
    expect([...measures.latenciesUs()]).toEqual([100]);
  });

  test("a NaN anywhere in an output that is not large, and in its turn in one that is", () => {
    const document = releaseDocument({
      io: {
        inputs: [{ name: "x", dtype: "float32", shape: [1] }],
        outputs: [{ name: "y", dtype: "float32", shape: [-1, 2] }],
      },
    });
    const long = new Float32Array(measureLimits.elementsMax * 2);
    long[long.length - 1] = Number.NaN;
    const large = {
      outputs: [floatTensor("y", [measureLimits.elementsMax, 2], long)],
      latencyUs: 1,
    };
    const measures = createLiveMeasures(document);

    measures.observe(large);
    expect(measures.nonFinite()).toBe(0);
    measures.observe(large);
    expect(measures.nonFinite()).toBe(1);
  });

  test("outputs beyond those there is room for, or of no contract, are passed over", () => {
    const names = Array.from({ length: measureLimits.outputsMax + 2 }, (_, i) => `y${i}`);
    const outputs = names.map((name) => ({ name, dtype: "float32", shape: [1] }));
    const measures = createLiveMeasures(
      releaseDocument({ io: { inputs: [{ name: "x", dtype: "float32", shape: [1] }], outputs } }),
    );
    const tensors = ["unknown", ...names].map((name) => floatTensor(name, [1], [1]));

    measures.observe({ outputs: tensors, latencyUs: 1 });

    expect([...measures.outputs().keys()]).toEqual(names.slice(0, measureLimits.outputsMax));
  });
});
