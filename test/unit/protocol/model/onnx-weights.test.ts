import { onnxLimits, scanOnnx, scanOnnxSteps } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { identity, node, plainModel, weight } from "../../../support/onnx/hostile-models.ts";
import {
  bytesField,
  integerField,
  message,
  textField,
} from "../../../support/onnx/protobuf-writer.ts";
import { refusal } from "../../../support/trust-fixtures.ts";

const reader = (file: Uint8Array) => (offset: number, length: number) =>
  file.subarray(offset, offset + length);
const verdict = (file: Uint8Array) => refusal(() => scanOnnx(file.length, reader(file)));
const withGraph = (...graph: readonly Uint8Array[]) => verdict(plainModel([identity], { graph }));
const raw = (elementType: number, elements: number, bytes: number) =>
  withGraph(
    weight(
      "w",
      integerField(1, elements),
      integerField(2, elementType),
      bytesField(9, new Uint8Array(bytes)),
    ),
  );

describe("a weight brings the bytes it declares", () => {
  test.each([
    ["float32", 1, 3, 12],
    ["uint8", 2, 3, 3],
    ["int16", 5, 3, 6],
    ["int64", 7, 3, 24],
    ["bool", 9, 3, 3],
    ["float16", 10, 3, 6],
    ["float64", 11, 3, 24],
    ["complex128", 15, 3, 48],
    ["bfloat16", 16, 3, 6],
    ["int4, two in a byte", 22, 3, 2],
    ["int2, four in a byte", 26, 5, 2],
    ["float32 without elements", 1, 0, 0],
  ])("%s: not one more, not one fewer", (_, elementType, elements, bytes) => {
    expect(raw(elementType, elements, bytes)).toBe("accepted");
    expect(raw(elementType, elements, bytes + 1)).toBe("MODEL_FORMAT");
    if (bytes > 0) expect(raw(elementType, elements, bytes - 1)).toBe("MODEL_FORMAT");
  });

  const listed = (elementType: number, elements: number, ...list: readonly Uint8Array[]) =>
    withGraph(weight("w", integerField(1, elements), integerField(2, elementType), ...list));
  test.each([
    ["a list of floats", 1, 3, [bytesField(4, new Uint8Array(12))]],
    ["a list of doubles", 11, 3, [bytesField(10, new Uint8Array(24))]],
    ["a packed list of numbers", 7, 3, [bytesField(7, new Uint8Array(3))]],
    ["numbers one by one", 7, 3, [1, 2, 3].map((value) => integerField(7, value))],
    ["a list of texts", 8, 3, ["a", "b", "c"].map((text) => textField(6, text))],
  ])("%s: what it declares may not be more", (_, elementType, elements, list) => {
    expect(listed(elementType, elements, ...list)).toBe("accepted");
    expect(listed(elementType, elements + 1, ...list)).toBe("MODEL_FORMAT");
  });

  test.each([
    ["a size that overflows", [2 ** 31, 2 ** 31, 4]],
    ["a size of 2^53", [2 ** 27, 2 ** 26]],
  ])("%s is refused", (_, sizes) => {
    const dimensions = sizes.map((size) => integerField(1, size));
    const packed = bytesField(
      1,
      message(...sizes.map((size) => integerField(1, size).subarray(1))),
    );

    expect(withGraph(weight("w", ...dimensions, integerField(2, 1)))).toBe("MODEL_FORMAT");
    expect(withGraph(weight("w", packed, integerField(2, 1)))).toBe("MODEL_FORMAT");
  });

  test("a negative size is refused", () => {
    const minusOne = Uint8Array.of(0x08, ...Array<number>(9).fill(0xff), 0x01);

    expect(withGraph(weight("w", minusOne, integerField(2, 1)))).toBe("MODEL_FORMAT");
  });

  test("a sparse weight is at most so large once it is spread out", () => {
    const one = message(integerField(1, 1), integerField(2, 1), bytesField(9, new Uint8Array(4)));
    const sparse = (...sizes: readonly number[]) =>
      withGraph(
        bytesField(15, message(bytesField(1, one), ...sizes.map((size) => integerField(3, size)))),
      );

    expect(sparse(onnxLimits.denseElementsMax)).toBe("accepted");
    expect(sparse(onnxLimits.denseElementsMax, 2)).toBe("MODEL_FORMAT");
  });
});

describe("an operator", () => {
  const acme = node("Sparkle", ["x"], ["y"], [textField(7, "com.acme")]);
  const functionOf = (name: string, domain: string, ...nodes: readonly Uint8Array[]) =>
    bytesField(
      25,
      message(textField(1, name), textField(10, domain), ...nodes.map((one) => bytesField(7, one))),
    );

  test.each([
    "ai.onnx",
    "ai.onnx.ml",
    "com.microsoft",
    "com.microsoft.nchwc",
    "com.ms.internal.nhwc",
  ])("of %s is taken", (domain) => {
    expect(verdict(plainModel([node("Any", ["x"], ["y"], [textField(7, domain)])]))).toBe(
      "accepted",
    );
  });

  test.each([
    ["of somebody's own is refused", plainModel([acme])],
    [
      "is refused in the body of another",
      plainModel([
        node(
          "If",
          ["c"],
          ["y"],
          [bytesField(5, message(bytesField(6, message(bytesField(1, acme)))))],
        ),
      ]),
    ],
    [
      "is refused in a function",
      plainModel([identity], { model: [functionOf("F", "com.acme", acme)] }),
    ],
    [
      "is refused where the model defines another",
      plainModel([acme], { model: [functionOf("Glitter", "com.acme", identity)] }),
    ],
    [
      "is refused where the model defines that of another domain",
      plainModel([acme], { model: [functionOf("Sparkle", "com.other", identity)] }),
    ],
  ])("%s", (_, file) => {
    expect(verdict(file)).toBe("OPERATOR");
  });

  test("that the model itself defines is taken", () => {
    const model = [functionOf("Sparkle", "com.acme", identity)];

    expect(verdict(plainModel([acme], { model }))).toBe("accepted");
  });

  test("more of somebody's own than anybody would name are refused as they come", () => {
    const many = Array.from({ length: onnxLimits.operatorsNamedMax + 1 }, (_, i) =>
      node(`Sparkle${i}`, ["x"], ["y"], [textField(7, "com.acme")]),
    );

    expect(verdict(plainModel(many))).toBe("OPERATOR");
  });
});

test("a scan of a file with very many fields stops to let others work, and reads it through all the same", () => {
  const nodes = Array.from({ length: 20_000 }, () => identity);
  const file = plainModel(nodes);
  const scanning = scanOnnxSteps(file.length, reader(file));
  let pauses = 0;

  for (let step = scanning.next(); step.done !== true; step = scanning.next()) pauses += 1;

  // Three fields a node, read twice and once more.
  expect(pauses).toBeGreaterThan((20_000 * 6) / (onnxLimits.fieldsBetweenPauses + 10));
});
