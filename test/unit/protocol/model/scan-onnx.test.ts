import { scanOnnx } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { denseNetwork } from "../../../support/onnx/dense-network.ts";
import { encodeOnnx } from "../../../support/onnx/encode-onnx.ts";
import {
  bytesField,
  integerField,
  message,
  textField,
} from "../../../support/onnx/protobuf-writer.ts";
import { seededRandom } from "../../../support/random.ts";
import { refusal } from "../../../support/trust-fixtures.ts";

const scan = (file: Uint8Array) =>
  scanOnnx(file.length, (offset, length) => file.subarray(offset, offset + length));
const verdict = (file: Uint8Array) => refusal(() => scan(file));

const dense = denseNetwork({ layers: [4, 3], seed: 1 });
const opset = bytesField(8, message(textField(1, ""), integerField(2, 17)));
const ir = integerField(1, 8);
const value = (name: string, type: Uint8Array) => message(textField(1, name), bytesField(2, type));
const shape = (...sizes: Uint8Array[]) => message(...sizes.map((size) => bytesField(1, size)));
const tensor = (element: number, of = shape(message(integerField(1, 3)))) =>
  bytesField(1, message(integerField(1, element), bytesField(2, of)));
const graphOf = (...fields: Uint8Array[]) => message(...fields);
const modelOf = (graph: Uint8Array) => message(ir, bytesField(7, graph), opset);
const io = [
  bytesField(11, value("x", message(tensor(1)))),
  bytesField(12, value("y", message(tensor(1)))),
];

describe("what a file says of itself", () => {
  test("is its format, its operator set, and its inputs and outputs with free dimensions as −1", () => {
    const { ir: format, opset: version, inputs, outputs } = scan(dense);

    expect([format, version]).toEqual([8, 17]);
    expect(inputs).toEqual([{ name: "x", dtype: "float32", shape: [-1, 4] }]);
    expect(outputs).toEqual([{ name: "y", dtype: "float32", shape: [-1, 3] }]);
  });

  test("has no input for a weight that is also declared as one", () => {
    const weight = message(textField(8, "w"), integerField(2, 1), bytesField(9, Buffer.alloc(4)));
    const graph = graphOf(
      bytesField(11, value("w", message(tensor(1)))),
      ...io,
      bytesField(5, weight),
    );

    expect(scan(modelOf(graph)).inputs.map(({ name }) => name)).toEqual(["x"]);
  });

  test("has the empty shape for a scalar, and −1 for a negative size", () => {
    const minusOne = message(new Uint8Array([0x08, ...new Array<number>(9).fill(0xff), 0x01]));
    const graph = graphOf(
      bytesField(11, value("s", message(tensor(7, shape())))),
      bytesField(12, value("y", message(tensor(1, shape(minusOne))))),
    );

    const { inputs, outputs } = scan(modelOf(graph));

    expect(inputs).toEqual([{ name: "s", dtype: "int64", shape: [] }]);
    expect(outputs).toEqual([{ name: "y", dtype: "float32", shape: [-1] }]);
  });

  test("is the last value of a field that stands twice, as the runtime reads it", () => {
    const twice = message(integerField(1, 3), integerField(1, 5));
    const renamed = message(textField(1, "w"), value("x", message(tensor(1, shape(twice)))));
    const graph = graphOf(
      bytesField(11, renamed),
      io[1] ?? message(),
      bytesField(5, message(textField(8, "w"))),
    );

    expect(scan(modelOf(graph)).inputs).toEqual([{ name: "x", dtype: "float32", shape: [5] }]);
  });

  test("names every operator set; the default one counts", () => {
    const machineLearning = bytesField(8, message(textField(1, "ai.onnx.ml"), integerField(2, 3)));
    const file = message(ir, bytesField(7, graphOf(...io)), machineLearning, opset);

    const { opset: main, opsets } = scan(file);

    expect(main).toBe(17);
    expect(opsets.get("ai.onnx.ml")).toBe(3);
  });

  test("is read without its weights", () => {
    const large = denseNetwork({ layers: [512, 512], seed: 2 });
    let read = 0;

    scanOnnx(large.length, (offset, length) => {
      const bytes = large.subarray(offset, offset + Math.min(length, 1_024));
      read += bytes.length;
      return bytes;
    });

    expect(read).toBeLessThan(16_384);
  });
});

describe("a file is refused", () => {
  test.each([
    ["that is empty", new Uint8Array(0)],
    ["that is a zip", new Uint8Array(Buffer.from("PK\u0003\u0004 and so on"))],
    ["that is JSON", new Uint8Array(Buffer.from('{"model": 1}'))],
    ["that is a page of text", new Uint8Array(Buffer.from("<!doctype html>"))],
    ["with a byte too few", dense.subarray(0, -1)],
    ["with a byte too many", new Uint8Array([...dense, 0])],
    ["without a graph", message(ir, opset)],
    [
      "with two graphs",
      message(ir, bytesField(7, graphOf(...io)), bytesField(7, graphOf(...io)), opset),
    ],
    ["without an operator set", message(ir, bytesField(7, graphOf(...io)))],
    ["without the version of its format", message(bytesField(7, graphOf(...io)), opset)],
    [
      "with an input that is no tensor",
      modelOf(graphOf(bytesField(11, value("x", message(bytesField(4, message())))))),
    ],
    [
      "with an element type we do not carry",
      modelOf(graphOf(bytesField(11, value("x", message(tensor(16)))))),
    ],
    [
      "with an input of unknown rank",
      modelOf(
        graphOf(bytesField(11, value("x", message(bytesField(1, message(integerField(1, 1))))))),
      ),
    ],
    ["with a nameless input", modelOf(graphOf(bytesField(11, bytesField(2, message(tensor(1))))))],
    [
      "with a name of 257 bytes",
      modelOf(graphOf(bytesField(11, value("x".repeat(257), message(tensor(1)))))),
    ],
  ])("%s", (_what, file) => {
    expect(verdict(file)).toBe("MODEL_FORMAT");
  });

  test("whose subgraphs nest deeper than any model's", () => {
    const nested = (depth: number): Uint8Array =>
      depth === 0
        ? graphOf(...io)
        : graphOf(
            ...io,
            bytesField(1, message(bytesField(5, message(bytesField(6, nested(depth - 1)))))),
          );

    expect(verdict(modelOf(nested(24)))).toBe("accepted");
    expect(verdict(modelOf(nested(25)))).toBe("MODEL_FORMAT");
  });
});

describe("weights in another file are refused", () => {
  const outside = message(textField(8, "w"), integerField(14, 1));
  const inAttribute = (number: number, content: Uint8Array) =>
    bytesField(1, message(bytesField(5, message(bytesField(number, content)))));

  test.each([
    ["in an initializer", bytesField(5, outside)],
    [
      "by location alone of another entry",
      bytesField(5, message(textField(8, "w"), bytesField(13, message()))),
    ],
    ["in a sparse initializer", bytesField(15, message(bytesField(1, outside)))],
    ["in a node's constant", inAttribute(5, outside)],
    ["in a list of constants", inAttribute(10, outside)],
    ["in the body of a control-flow node", inAttribute(6, graphOf(bytesField(5, outside)))],
  ])("%s", (_where, field) => {
    expect(verdict(modelOf(graphOf(...io, field)))).toBe("EXTERNAL_DATA");
  });

  test("in a function of the model", () => {
    const node = message(bytesField(5, message(bytesField(5, outside))));
    const file = message(
      ir,
      bytesField(7, graphOf(...io)),
      opset,
      bytesField(25, bytesField(7, node)),
    );

    expect(verdict(file)).toBe("EXTERNAL_DATA");
  });

  test("in the default of an attribute of a function", () => {
    const file = message(
      ir,
      bytesField(7, graphOf(...io)),
      opset,
      bytesField(25, bytesField(11, message(bytesField(5, outside)))),
    );

    expect(verdict(file)).toBe("EXTERNAL_DATA");
  });

  test("while the same weight inside is taken", () => {
    const inside = message(textField(8, "w"), integerField(14, 0));

    expect(verdict(modelOf(graphOf(...io, bytesField(5, inside))))).toBe("accepted");
  });
});

test("a damaged file is a verdict and never a crash", () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const small = encodeOnnx({
    name: "g",
    nodes: [{ operation: "Relu", inputs: ["x"], outputs: ["y"] }],
    constants: [],
    inputs: [{ name: "x", elementType: "float32", shape: ["N", 2] }],
    outputs: [{ name: "y", elementType: "float32", shape: ["N", 2] }],
  });
  const verdicts = new Set<string>();

  for (let round = 0; round < 5_000; round++) {
    const damaged = Uint8Array.from(small);
    for (let i = 0; i <= random.below(3); i++) {
      damaged[random.below(damaged.length)] = random.below(256);
    }
    verdicts.add(verdict(damaged.subarray(0, random.below(damaged.length + 1))));
  }

  console.info(`scan of damaged models, seed ${seed}: ${[...verdicts].join(", ")}`);
  expect([...verdicts].sort()).toEqual(["MODEL_FORMAT", "accepted"].sort());
});
