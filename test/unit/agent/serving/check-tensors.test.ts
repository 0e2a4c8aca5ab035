import type { TensorSpec } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  checkInputs,
  checkOutputNames,
} from "../../../../agent/src/domain/serving/check-tensors.ts";
import {
  compareSignatures,
  type ModelSignature,
} from "../../../../agent/src/domain/serving/compare-signature.ts";
import { floatTensor } from "../../../support/agent/floats.ts";

const specs: readonly TensorSpec[] = [
  { name: "x", dtype: "float32", shape: [-1, 4] },
  { name: "on", dtype: "bool", shape: [] },
];
const x = floatTensor("x", [1, 4], [1, 2, 3, 4]);
const on = { name: "on", dtype: "bool", shape: [], bytes: new Uint8Array([1]) } as const;

describe("a request", () => {
  test("with every input in its form is taken, in any order and any size of a free dimension", () => {
    expect(() => checkInputs(specs, [on, x])).not.toThrow();
    expect(() => checkInputs(specs, [floatTensor("x", [0, 4], []), on])).not.toThrow();
  });

  test.each([
    ["a missing input", [x], "input on: expected it, got none"],
    [
      "an unknown input",
      [x, on, { ...x, name: "z" }],
      "input z: expected one of x, on, got another",
    ],
    ["an input twice", [x, on, x], "input x: expected it once, got it twice"],
    [
      "another type",
      [{ ...x, dtype: "int32" as const }, on],
      "input x: expected datatype FP32, got INT32",
    ],
    ["another size", [{ ...x, shape: [1, 10] }, on], "input x: expected shape [-1,4], got [1,10]"],
    ["another rank", [{ ...x, shape: [4] }, on], "input x: expected shape [-1,4], got [4]"],
    [
      "a scalar with a dimension",
      [x, { ...on, shape: [1] }],
      "input on: expected shape [], got [1]",
    ],
    [
      "bytes too few",
      [{ ...x, bytes: x.bytes.subarray(1) }, on],
      "input x: expected 16 bytes, got 15",
    ],
    [
      "a truth value of 2",
      [x, { ...on, bytes: new Uint8Array([2]) }],
      "input on: expected bytes of 0 or 1",
    ],
  ])("with %s is refused", (_, tensors, message) => {
    expect(() => checkInputs(specs, tensors)).toThrow(message);
  });

  test("with texts whose lengths do not add up is refused", () => {
    const spec: readonly TensorSpec[] = [{ name: "t", dtype: "string", shape: [1] }];
    const texts = (...bytes: readonly number[]) =>
      [{ name: "t", dtype: "string", shape: [1], bytes: Uint8Array.from(bytes) }] as const;

    expect(() => checkInputs(spec, texts(2, 0, 0, 0, 104, 105))).not.toThrow();
    expect(() => checkInputs(spec, texts(3, 0, 0, 0, 104, 105))).toThrow(
      "expected 1 elements, got a cut",
    );
    expect(() => checkInputs(spec, texts(2, 0, 0))).toThrow("got a cut");
    expect(() => checkInputs(spec, texts())).toThrow("expected 1 elements, got 0");
    expect(() => checkInputs(spec, texts(0, 0, 0, 0, 0, 0, 0, 0))).toThrow("got 2");
  });

  test("for an output the model does not give, or one twice, is refused", () => {
    expect(() => checkOutputNames(specs, ["on", "x"])).not.toThrow();
    expect(() => checkOutputNames(specs, ["y"])).toThrow(
      "output y: expected one of x, on, got another",
    );
    expect(() => checkOutputNames(specs, ["x", "x"])).toThrow("output x: expected it once");
  });
});

describe("a model whose signature is not the signed one", () => {
  const y: TensorSpec = { name: "y", dtype: "float32", shape: [-1, 10] };
  const signed: ModelSignature = { inputs: specs, outputs: [y] };
  const [first, second] = specs;
  const withInputs = (...inputs: readonly (TensorSpec | undefined)[]) => ({
    inputs: inputs.filter((input) => input !== undefined),
    outputs: signed.outputs,
  });

  test("agrees in any order, and where either side leaves a dimension free", () => {
    const fixed = { name: "x", dtype: "float32", shape: [1, 4] } satisfies TensorSpec;

    expect(compareSignatures(signed, withInputs(second, fixed))).toEqual([]);
    expect(compareSignatures(withInputs(fixed, second), signed)).toEqual([]);
  });

  test("is told tensor by tensor", () => {
    const other: ModelSignature = {
      inputs: [
        { name: "x", dtype: "float64", shape: [-1, 4] },
        { name: "h", dtype: "float32", shape: [2] },
      ],
      outputs: [{ name: "y", dtype: "float32", shape: [-1, 11] }],
    };

    expect(compareSignatures(signed, other)).toEqual([
      "input x: expected float32 [-1,4], got float64 [-1,4]",
      "input on: expected bool [], got none",
      "input h: expected none, got float32 [2]",
      "output y: expected float32 [-1,10], got float32 [-1,11]",
    ]);
    expect(
      compareSignatures(signed, withInputs({ ...first, shape: [4] } as TensorSpec, second)),
    ).toEqual(["input x: expected float32 [-1,4], got float32 [4]"]);
  });
});
