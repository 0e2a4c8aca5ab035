import { readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { ModelFormatError, parseStrictJson, scanTfjs, tfjsLimits } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const weights = [{ name: "w", shape: [4, 3], dtype: "float32" }];
const layer = { class_name: "Dense", config: { name: "d", batch_input_shape: [null, 4] } };
const model = {
  format: "layers-model",
  modelTopology: { class_name: "Sequential", config: { name: "s", layers: [layer] } },
  weightsManifest: [{ paths: ["w.bin"], weights }],
};
const files = [
  { path: "tfjs/model.json", size: 500 },
  { path: "tfjs/w.bin", size: 48 },
  { path: "golden.json", size: 48 },
];
const scan = (json: unknown, listed = files) =>
  scanTfjs(json, { entry: "tfjs/model.json", files: listed as never });

function refusal(json: unknown, listed = files): string {
  try {
    scan(json, listed);
  } catch (error) {
    if (!(error instanceof ModelFormatError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return "accepted";
}

const withPaths = (...paths: unknown[]) => ({
  ...model,
  weightsManifest: [{ paths, weights }],
});
const withWeight = (changes: object) => ({
  ...model,
  weightsManifest: [{ paths: ["w.bin"], weights: [{ ...weights[0], ...changes }] }],
});

test("a model of layers names its files beside it, its inputs, and its outputs without shapes", () => {
  expect(scan(model)).toEqual({
    layout: "layers-model",
    weightFiles: ["tfjs/w.bin"],
    inputs: [{ name: "d_input", dtype: "float32", shape: [-1, 4] }],
    outputs: [{ name: "d" }],
  });
});

describe("F42: a model that names weights outside its release", () => {
  test.each([
    ["the way out", "../../etc/passwd"],
    ["the way out and back", "../tfjs/w.bin"],
    ["an absolute path", "/etc/passwd"],
    ["an address", "https://example.org/w.bin"],
    ["an address of a file", "file:///etc/passwd"],
    ["a path of Windows", "C:\\w.bin"],
    ["a backslash", "..\\w.bin"],
    ["a folder of itself", "./w.bin"],
    ["an encoded way out", "%2e%2e/w.bin"],
    ["a NUL", "w.bin\u0000.png"],
    ["nothing", ""],
    ["a file the release does not list", "v.bin"],
    ["a listed file of another folder", "golden.json"],
    ["itself", "model.json"],
  ])("is refused: %s", (_, path) => {
    expect(refusal(withPaths(path))).toMatch(/^EXTERNAL_DATA expected weights in files of the/);
  });

  test("is accepted when the release lists it", () => {
    expect(
      scan(withPaths("sub/v.bin"), [{ path: "tfjs/sub/v.bin", size: 48 }]).weightFiles,
    ).toEqual(["tfjs/sub/v.bin"]);
  });
});

describe("weights of another length than the files", () => {
  const sized = (size: number) => [{ path: "tfjs/w.bin", size }];

  test.each([
    ["one byte short", model, 47],
    ["one byte long", model, 49],
    ["quantized to one byte, not twelve", withWeight({ quantization: scaled("uint8") }), 11],
    ["quantized to two bytes, not 24", withWeight({ quantization: scaled("uint16") }), 25],
    ["truth values, not twelve", withWeight({ dtype: "bool" }), 13],
    ["texts with no room for their lengths", withWeight({ dtype: "string" }), 47],
  ])("are refused: %s", (_, json, size) => {
    expect(refusal(json, sized(size))).toMatch(/^MODEL_FORMAT expected .*\d+ bytes of weights/);
  });

  test.each([
    ["float32", model, 48],
    ["uint8", withWeight({ quantization: scaled("uint8") }), 12],
    [
      "uint16 for whole numbers",
      withWeight({ dtype: "int32", quantization: scaled("uint16") }),
      24,
    ],
    ["float16", withWeight({ quantization: { dtype: "float16" } }), 24],
    ["truth values", withWeight({ dtype: "bool" }), 12],
    ["complex numbers", withWeight({ dtype: "complex64" }), 96],
    ["texts", withWeight({ dtype: "string" }), 480],
    ["one number", withWeight({ shape: [] }), 4],
    ["none", withWeight({ shape: [0, 3] }), 0],
  ])("are accepted when they fit: %s", (_, json, size) => {
    expect(refusal(json, sized(size))).toBe("accepted");
  });

  test("are counted over all files of a group, cut anywhere", () => {
    const two = withPaths("a.bin", "b.bin");
    const pair = (size: number) => [
      { path: "tfjs/a.bin", size: 7 },
      { path: "tfjs/b.bin", size },
    ];

    expect(scan(two, pair(41)).weightFiles).toEqual(["tfjs/a.bin", "tfjs/b.bin"]);
    expect(refusal(two, pair(42))).toMatch(/expected 48 bytes of weights in a\.bin.*, got 49/);
  });
});

function scaled(dtype: string): object {
  return { dtype, scale: 0.1, min: 0 };
}

test.each([
  ["a list", []],
  ["another format", { ...model, format: "saved-model" }],
  ["no topology", { ...model, modelTopology: undefined }],
  ["no weightsManifest", { ...model, weightsManifest: undefined }],
  ["a path that is a number", withPaths(7)],
  ["a file named twice", withPaths("w.bin", "w.bin")],
  ["a weight named twice", { ...model, weightsManifest: [twice()] }],
  ["a negative size", withWeight({ shape: [-4, 3] })],
  ["a fraction of a size", withWeight({ shape: [4.5, 3] })],
  ["more dimensions than there are", withWeight({ shape: Array(tfjsLimits.rankMax + 1).fill(1) })],
  ["a type that is not read", withWeight({ dtype: "float64" })],
  ["quantization without its scale", withWeight({ quantization: { dtype: "uint8", min: 0 } })],
  [
    "half floats of whole numbers",
    withWeight({ dtype: "int32", quantization: { dtype: "float16" } }),
  ],
  ["no layers", withTopology({ class_name: "Sequential", config: { layers: [] } })],
  [
    "a kind of model nobody has",
    withTopology({ class_name: "Wrapper", config: { layers: [layer] } }),
  ],
  ["an input without its shape", withTopology(sequence({ name: "d" }))],
  [
    "an input of a type that is not read",
    withTopology(sequence({ ...layer.config, dtype: "int64" })),
  ],
  ["a graph without a signature", { ...model, format: "graph-model" }],
  ["a graph whose output has any rank", graph({ unknownRank: true })],
  ["a graph of a type that is not read", graph({ dim: [] }, "DT_COMPLEX64")],
])("%s is no model", (_, json) => {
  expect(refusal(json)).toMatch(/^MODEL_FORMAT /);
});

function twice(): object {
  return { paths: ["w.bin"], weights: [...weights, ...weights] };
}

function withTopology(modelTopology: object): object {
  return { ...model, modelTopology };
}

function sequence(config: object): object {
  return { class_name: "Sequential", config: { layers: [{ class_name: "Dense", config }] } };
}

function graph(tensorShape: object, dtype = "DT_FLOAT"): object {
  const tensor = { name: "t:0", dtype, tensorShape };
  const signature = { inputs: { x: tensor }, outputs: { y: tensor } };
  return { ...model, format: "graph-model", signature };
}

test("a functional model has its inputs and outputs in the order it names them, by the names of their layers", () => {
  const input = (name: string, shape: (number | null)[], dtype?: string) => ({
    class_name: "InputLayer",
    config: { name, batch_input_shape: shape, ...(dtype === undefined ? {} : { dtype }) },
  });
  const dense = (name: string) => ({ class_name: "Dense", config: { name } });
  const config = {
    name: "m",
    layers: [input("a", [null, 2]), input("b", [1, null], "int32"), dense("p"), dense("q")],
    input_layers: [
      ["b", 0, 0],
      ["a", 0, 0],
    ],
    output_layers: [
      ["q", 0, 0],
      ["p", 0, 0],
    ],
  };

  const { inputs, outputs } = scan(
    withTopology({ model_config: { class_name: "Functional", config } }),
  );

  expect(inputs).toEqual([
    { name: "b", dtype: "int32", shape: [1, -1] },
    { name: "a", dtype: "float32", shape: [-1, 2] },
  ]);
  expect(outputs).toEqual([{ name: "q" }, { name: "p" }]);
  const repeated = { ...config, output_layers: [...config.output_layers, ["q", 0, 1]] };
  expect(refusal(withTopology({ class_name: "Model", config: repeated }))).toMatch(
    /one layer twice/,
  );
});

test("a real graph model of somebody else is read as it is: texts in, numbers and texts out", () => {
  const require = createRequire(import.meta.url);
  const path = require.resolve("@vscode/vscode-languagedetection/model/model.json");
  const shard = "group1-shard1of1.bin";
  const size = statSync(path.replace("model.json", shard)).size;
  const { modelBytesMax, jsonDepthMax } = tfjsLimits;
  const json = parseStrictJson(readFileSync(path), {
    bytesMax: modelBytesMax,
    depthMax: jsonDepthMax,
  });

  const found = scanTfjs(json, { entry: "model.json", files: [{ path: shard, size }] as never });

  expect(found).toEqual({
    layout: "graph-model",
    weightFiles: [shard],
    inputs: [{ name: "inputs", dtype: "string", shape: [-1] }],
    outputs: [
      { name: "scores", dtype: "float32", shape: [-1, 54] },
      { name: "classes", dtype: "string", shape: [-1, 54] },
    ],
  });
});
