import type { ElementType, TensorSpec } from "@modelfleet/protocol";
import { jsonBytes, type TfjsModel } from "./tfjs-model.ts";

const dataTypes = {
  float32: "DT_FLOAT",
  int32: "DT_INT32",
  bool: "DT_BOOL",
  string: "DT_STRING",
} as const satisfies Partial<Record<ElementType, string>>;

export type GraphType = keyof typeof dataTypes;

/** `y = x` of any shape of this rank. */
export function identityGraph(dtype: GraphType, rank: number): TfjsModel {
  const shape = Array<number>(rank).fill(-1);
  const type = { type: dataTypes[dtype] };
  return graphModel({
    inputs: [{ name: "x", dtype, shape }],
    outputs: [{ name: "y", dtype, shape }],
    nodes: [
      { name: "in", op: "Placeholder", attr: { dtype: type, shape: shapeOf(shape) } },
      { name: "out", op: "Identity", input: ["in"], attr: { T: type } },
    ],
  });
}

/** The places of what is true in `x` [N]: as many rows as there are, which nobody knows before it runs. */
export function placesGraph(): TfjsModel {
  const attr = { dtype: { type: "DT_BOOL" }, shape: shapeOf([-1]) };
  return graphModel({
    inputs: [{ name: "x", dtype: "bool", shape: [-1] }],
    outputs: [{ name: "y", dtype: "int32", shape: [-1, 1] }],
    nodes: [
      { name: "in", op: "Placeholder", attr },
      { name: "out", op: "Where", input: ["in"], attr: { T: { type: "DT_BOOL" } } },
    ],
  });
}

/** `y = x` with so many notes of its converter, each an object of its own: a large `model.json`, and larger once read. */
export function annotatedGraph(notes: number): TfjsModel {
  const type = { type: "DT_FLOAT" };
  const attr = { T: type, notes: Array(notes).fill({}) };
  return graphModel({
    inputs: [{ name: "x", dtype: "float32", shape: [-1] }],
    outputs: [{ name: "y", dtype: "float32", shape: [-1] }],
    nodes: [
      { name: "in", op: "Placeholder", attr: { dtype: type, shape: shapeOf([-1]) } },
      { name: "out", op: "Identity", input: ["in"], attr },
    ],
  });
}

type Graph = {
  readonly inputs: readonly [TensorSpec];
  readonly outputs: readonly [TensorSpec];
  readonly nodes: readonly object[];
};

function graphModel({ inputs, outputs, nodes }: Graph): TfjsModel {
  const signature = {
    inputs: { [inputs[0].name]: tensorOf("in:0", inputs[0]) },
    outputs: { [outputs[0].name]: tensorOf("out:0", outputs[0]) },
  };
  const modelTopology = { node: nodes, versions: { producer: 1, minConsumer: 1 } };
  const model = { format: "graph-model", signature, modelTopology, weightsManifest: [] };
  return { files: new Map([["model.json", jsonBytes(model)]]), io: { inputs, outputs } };
}

function tensorOf(name: string, { dtype, shape }: TensorSpec): object {
  const type = Object.entries(dataTypes).find(([key]) => key === dtype)?.[1];
  return { name, dtype: type, tensorShape: shapeOf(shape).shape };
}

function shapeOf(shape: readonly number[]) {
  return { shape: { dim: shape.map((size) => ({ size: String(size) })) } };
}
