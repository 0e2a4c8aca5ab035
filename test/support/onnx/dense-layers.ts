import { encodeOnnx, type OnnxGraph } from "./encode-onnx.ts";

/** One fully connected layer: `y = x · weights + bias`. */
export type DenseLayer = {
  readonly inputs: number;
  readonly outputs: number;
  /** Row-major [inputs, outputs]. */
  readonly weights: Float32Array;
  /** [outputs] */
  readonly bias: Float32Array;
};

/**
 * A multi-layer perceptron as an ONNX file: input `x` float32 [N, first layer's inputs], ReLU between
 * the layers, softmax at the end, output `y` float32 [N, last layer's outputs]. A layer that is in the list more
 * than once (the same object) is written once and applied each time. With `winner`, a second output of that name,
 * int64 [N], holds the index of the largest value of each row of `y`.
 *
 * @throws RangeError when there is no layer, or a layer's inputs are not the outputs of the one before
 */
export function encodeDenseLayers(
  name: string,
  layers: readonly DenseLayer[],
  winner?: string,
): Uint8Array {
  const [first, last] = [layers[0], layers.at(-1)];
  if (first === undefined || last === undefined) throw new RangeError("expected a layer, got none");
  refuseMisfits(layers);
  const stored = [...new Set(layers)];
  return encodeOnnx({
    name,
    nodes: [
      ...layers.flatMap((layer, i) =>
        layerNodes(i, stored.indexOf(layer), i === layers.length - 1),
      ),
      {
        operation: "Softmax",
        inputs: ["logits"],
        outputs: ["y"],
        attributes: { axis: { int: 1 } },
      },
      ...winnerNodes(winner),
    ],
    constants: stored.flatMap(({ inputs, outputs, weights, bias }, i) => [
      { name: `weights${i}`, shape: [inputs, outputs], values: weights },
      { name: `bias${i}`, shape: [outputs], values: bias },
    ]),
    inputs: [{ name: "x", elementType: "float32", shape: ["N", first.inputs] }],
    outputs: [
      ...(winner === undefined
        ? []
        : [{ name: winner, elementType: "int64", shape: ["N"] } as const]),
      { name: "y", elementType: "float32", shape: ["N", last.outputs] },
    ],
  });
}

function winnerNodes(winner: string | undefined): OnnxGraph["nodes"] {
  if (winner === undefined) return [];
  return [
    {
      operation: "ArgMax",
      inputs: ["y"],
      outputs: [winner],
      attributes: { axis: { int: 1 }, keepdims: { int: 0 } },
    },
  ];
}

function refuseMisfits(layers: readonly DenseLayer[]): void {
  layers.forEach((layer, i) => {
    const before = layers[i - 1];
    if (before !== undefined && before.outputs !== layer.inputs) {
      throw new RangeError(
        `expected layer ${i} to take the ${before.outputs} outputs of the layer before, got ${layer.inputs}`,
      );
    }
  });
}

function layerNodes(i: number, stored: number, isLast: boolean): OnnxGraph["nodes"] {
  const source = i === 0 ? "x" : `active${i - 1}`;
  const sum = isLast ? "logits" : `sum${i}`;
  const gemm = {
    operation: "Gemm",
    inputs: [source, `weights${stored}`, `bias${stored}`],
    outputs: [sum],
  };
  return isLast ? [gemm] : [gemm, { operation: "Relu", inputs: [sum], outputs: [`active${i}`] }];
}
