import type { ElementType } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseJsonTensor } from "../../../../agent/src/domain/serving/parse-json-tensor.ts";
import { writeJsonTensor } from "../../../../agent/src/domain/serving/write-json-tensor.ts";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { viewTensor } from "../../../../agent/src/domain/tensor-view.ts";

const parse = (dtype: ElementType, data: readonly unknown[], shape = [data.length]) =>
  parseJsonTensor({ name: "x", dtype, shape, data });

describe("an element that fits is taken, its neighbour is not", () => {
  test.each<[ElementType, unknown, unknown]>([
    ["bool", true, 1],
    ["uint8", 255, 256],
    ["uint8", 0, -1],
    ["uint16", 65_535, 65_536],
    ["uint32", 4_294_967_295, 4_294_967_296],
    ["int8", -128, -129],
    ["int8", 127, 128],
    ["int16", -32_768, -32_769],
    ["int32", 2_147_483_647, 2_147_483_648],
    ["int32", 1, 1.5],
    ["int64", Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1],
    ["int64", "9223372036854775807", "9223372036854775808"],
    ["int64", "-9223372036854775808", "-9223372036854775809"],
    ["uint64", "18446744073709551615", "18446744073709551616"],
    ["uint64", 0, -1],
    ["uint64", "7", "0x7"],
    ["float16", 65_504, 65_505],
    ["float32", 3.4028234663852886e38, 3.5e38],
    ["float32", "NaN", "nan"],
    ["float64", "-Infinity", null],
    ["string", "né", 7],
    ["string", "👍", "\ud83d"],
  ])("%s: %j, not %j", (dtype, fits, doesNot) => {
    expect(() => parse(dtype, [fits])).not.toThrow();
    expect(() => parse(dtype, [doesNot])).toThrow(/^input x\[0\]: expected /);
  });
});

describe("data", () => {
  test("may be flat or nested as the shape", () => {
    const flat = parse("int8", [1, 2, 3, 4, 5, 6], [2, 3]);

    expect(
      parse(
        "int8",
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        [2, 3],
      ),
    ).toEqual(flat);
    expect(parse("int8", [[[1]], [[2]]], [2, 1, 1]).bytes).toEqual(new Uint8Array([1, 2]));
  });

  test("nested in another way than the shape is refused", () => {
    const message = "input x: expected data nested as its shape [2,3], got other rows";

    expect(() =>
      parse(
        "int8",
        [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        [2, 3],
      ),
    ).toThrow(message);
    expect(() =>
      parse(
        "int8",
        [
          [1, 2, 3],
          [4, 5],
        ],
        [2, 3],
      ),
    ).toThrow(message);
    expect(() => parse("int8", [[1, 2, 3], 4], [2, 3])).toThrow(message);
    expect(() =>
      parse(
        "int8",
        [
          [[1], [2], [3]],
          [[4], [5], [6]],
        ],
        [2, 3],
      ),
    ).toThrow("expected a whole");
  });

  test("of another length than the shape is refused with both lengths", () => {
    expect(() => parse("float32", [1, 2, 3], [2, 2])).toThrow(
      "input x: expected 4 elements, got 3",
    );
    expect(() => parse("float32", [1, 2, 3, 4, 5], [2, 2])).toThrow("expected 4 elements, got 5");
  });

  test("of a scalar is one element, of an empty tensor none", () => {
    expect(parse("int32", [7], []).bytes).toHaveLength(4);
    expect(parse("float32", [], [0, 784]).bytes).toHaveLength(0);
    expect(() => parse("int32", [], [])).toThrow("expected 1 elements, got 0");
  });

  test("with wrong elements is not repeated whole in the message", () => {
    expect(() => parse("bool", ["x".repeat(10_000)])).toThrow(/^.{0,120}$/);
  });
});

describe("what is written comes back bit by bit", () => {
  test.each<[ElementType, number]>([
    ["float32", 4],
    ["float64", 8],
    ["int64", 8],
    ["uint64", 8],
    ["int32", 4],
    ["uint16", 2],
    ["int8", 1],
  ])("%s", (dtype, width) => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: width * 3, maxLength: width * 3 }), (bytes) => {
        const tensor = { name: "x", dtype, shape: [3], bytes: Uint8Array.from(bytes) };

        const back = parse(dtype, dataOf(writeJsonTensor(tensor)));

        // NaN has many bit patterns and one name; everything else has its own.
        expect(elementsOf(back)).toEqual(elementsOf(tensor));
        if (!writeJsonTensor(tensor).includes("NaN")) expect(back.bytes).toEqual(tensor.bytes);
      }),
    );
  });

  test("zero keeps its sign, and what is no number has a name", () => {
    const values = [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.1];
    const bytes = new Uint8Array(Float32Array.from(values).buffer);

    const text = writeJsonTensor({ name: "x", dtype: "float32", shape: [6], bytes });

    expect(text).toBe(
      '{"name":"x","datatype":"FP32","shape":[6],"data":[-0,0,"NaN","Infinity","-Infinity",0.10000000149011612]}',
    );
    expect(parse("float32", dataOf(text)).bytes).toEqual(bytes);
  });

  test("texts, truth values, and whole numbers above 2^53 − 1 as digits", () => {
    const texts = ["", 'quo"te', "né👍", "line\nend", "\u0000"];
    const text = writeJsonTensor(parse("string", texts));
    const big = new Uint8Array(BigInt64Array.of(2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n)).buffer);

    expect(dataOf(text)).toEqual(texts);
    expect(dataOf(writeJsonTensor(parse("bool", [true, false])))).toEqual([true, false]);
    expect(dataOf(writeJsonTensor({ name: "x", dtype: "int64", shape: [3], bytes: big }))).toEqual([
      9007199254740991,
      "9007199254740992",
      "-9223372036854775808",
    ]);
  });
});

function elementsOf(tensor: Tensor): unknown[] {
  const { values } = viewTensor(tensor);
  return Array.from<unknown, unknown>(values, (value) => value);
}

function dataOf(text: string): readonly unknown[] {
  const { data } = JSON.parse(text) as { readonly data: readonly unknown[] };
  return data;
}
