import { expect, test } from "vitest";
import { benchModels } from "../support/onnx/bench-models.ts";
import { encodeDenseLayers } from "../support/onnx/dense-layers.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { encodeOnnx, type OnnxGraph } from "../support/onnx/encode-onnx.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";

async function answerOf(model: Uint8Array, x: readonly number[], shape: readonly number[]) {
  const { InferenceSession, Tensor } = await loadOnnxruntime();
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const { y } = await session.run({ x: new Tensor("float32", Float32Array.from(x), shape) });
  const contract = { inputs: session.inputMetadata, outputs: session.outputMetadata };
  await session.release();
  return { values: Array.from(y?.data as Float32Array), shape: y?.dims, contract };
}

const scaled: OnnxGraph = {
  name: "scaled",
  nodes: [
    { operation: "Mul", inputs: ["x", "factor"], outputs: ["product"] },
    {
      operation: "LeakyRelu",
      inputs: ["product"],
      outputs: ["y"],
      attributes: { alpha: { float: 0.5 } },
    },
  ],
  constants: [{ name: "factor", shape: [2], values: Float32Array.of(3, -4) }],
  inputs: [{ name: "x", elementType: "float32", shape: ["N", 2] }],
  outputs: [{ name: "y", elementType: "float32", shape: ["N", 2] }],
};

test("an encoded graph loads with its names, types and free dimension, and computes", async () => {
  const { values, shape, contract } = await answerOf(encodeOnnx(scaled), [1, 2, -3, 4], [2, 2]);

  expect(values).toEqual([3, -4, -4.5, -8]);
  expect(shape).toEqual([2, 2]);
  expect(contract.inputs).toMatchObject([{ name: "x", type: "float32", shape: ["N", 2] }]);
  expect(contract.outputs).toMatchObject([{ name: "y", type: "float32", shape: ["N", 2] }]);
});

test("an operator set nobody has yet is written as asked and refused by the library", async () => {
  await expect(answerOf(encodeOnnx({ ...scaled, opset: 999 }), [1, 2], [1, 2])).rejects.toThrow(
    /opset/i,
  );
});

test.each([1, 3])("a constant of 2 with %d values is refused", (length) => {
  const constants = [{ name: "factor", shape: [2], values: new Float32Array(length) }];

  expect(() => encodeOnnx({ ...scaled, constants })).toThrow("expected 2 values for factor");
});

test("dense layers give the softmax of the hand-computed sums", async () => {
  const first = {
    inputs: 2,
    outputs: 2,
    weights: Float32Array.of(1, -1, 2, 1),
    bias: Float32Array.of(0.5, 0),
  };
  const second = { ...first, bias: Float32Array.of(0, Math.fround(0.25)) };

  const { values } = await answerOf(encodeDenseLayers("by-hand", [first, second]), [1, -1], [1, 2]);

  // Sums of the first layer: (1 − 2 + 0.5, −1 − 1) = (−0.5, −2), both silenced; the second layer is then its bias.
  const low = 1 / (1 + Math.exp(0.25));
  expect(values[0]).toBeCloseTo(low, 6);
  expect(values[1]).toBeCloseTo(1 - low, 6);
});

test("layers that do not fit each other are refused", () => {
  const layer = { inputs: 2, outputs: 3, weights: new Float32Array(6), bias: new Float32Array(3) };

  expect(() => encodeDenseLayers("misfit", [layer, layer])).toThrow("expected layer 1 to take");
  expect(() => encodeDenseLayers("empty", [])).toThrow("expected a layer");
});

test("a repeated layer changes the answer but hardly the file", async () => {
  const once = denseNetwork({ layers: [4, 64, 64, 3], seed: 1 });
  const often = denseNetwork({ layers: [4, 64, 64, 3], seed: 1, repeats: 5 });

  const x = [1, 0.5, -1, 2];
  expect((await answerOf(often, x, [1, 4])).values).not.toEqual(
    (await answerOf(once, x, [1, 4])).values,
  );
  expect(often.length - once.length).toBeLessThan(1_000);
});

test("the same network is the same bytes, and another seed gives others", () => {
  const bytes = (seed: number) => Buffer.from(denseNetwork({ layers: [64, 32, 10], seed }));

  expect(bytes(1).equals(bytes(1))).toBe(true);
  expect(bytes(1).equals(bytes(2))).toBe(false);
});

test.each([
  { layers: [64], seed: 1 },
  { layers: [64, 0], seed: 1 },
  { layers: [64, 1.5], seed: 1 },
  { layers: [64, 32, 10], seed: 1, repeats: 2 },
  { layers: [64, 32, 32, 10], seed: 1, repeats: 0 },
])("the network $layers × $repeats is refused", (network) => {
  expect(() => denseNetwork(network)).toThrow(RangeError);
});

test.each(
  Object.entries(benchModels),
)("the %s bench model answers probabilities", async (_, network) => {
  const { values } = await answerOf(
    denseNetwork(network),
    new Array<number>(64).fill(0.5),
    [1, 64],
  );

  expect(values.every((value) => value >= 0)).toBe(true);
  expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
});
