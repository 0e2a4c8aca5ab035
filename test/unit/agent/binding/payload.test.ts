import type { LocalPayload } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { readPayload } from "../../../../agent/src/domain/binding/read-payload.ts";
import { inputOf, tensorOf } from "../../../../agent/src/domain/binding/tensor-of.ts";
import { viewTensor } from "../../../../agent/src/domain/tensor-view.ts";

const read = (payload: LocalPayload, text: string) => readPayload(payload, Buffer.from(text));
const json = { form: "json" } as const;
const fields = (...names: string[]) => ({ form: "fields", fields: names }) as const;

describe("JSON", () => {
  test("is a number, or an array of them, nested or not, row by row", () => {
    expect(read(json, "21.5")).toEqual([21.5]);
    expect(read(json, "[1, 2.5, -3]")).toEqual([1, 2.5, -3]);
    expect(read(json, "[[1,2],[3,4]]")).toEqual([1, 2, 3, 4]);
    expect(read(json, '[true, "NaN", "9007199254740993"]')).toEqual([
      true,
      "NaN",
      "9007199254740993",
    ]);
  });

  test.each([
    ["", "expected JSON"],
    ["{", "expected JSON"],
    ["[]", "got an empty one"],
    ["null", "got null"],
    ["{}", "element 0: expected a number, got object"],
    ["[1,{}]", "element 1: expected a number, got object"],
    [`["${"9".repeat(25)}"]`, "element 0: expected a number, got string"],
    [`${"[".repeat(17)}1${"]".repeat(17)}`, "element 0: expected a number, got an array"],
    [`${"[".repeat(200_000)}${"]".repeat(200_000)}`, "expected a number, got an array"],
  ])("%.40s is refused", (text, reason) => {
    expect(() => read(json, text)).toThrow(reason);
  });

  test("in bytes that are no UTF-8 is refused", () => {
    expect(() => readPayload(json, Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toThrow("expected JSON");
  });

  test("of 16 levels is taken, as deep as a tensor may be", () => {
    expect(read(json, `${"[".repeat(16)}1${"]".repeat(16)}`)).toEqual([1]);
  });
});

describe("fields of an object", () => {
  test("are taken in the order of the binding, by path", () => {
    const message = '{"t": 21, "acc": {"x": 1, "axes": [4, 5]}}';
    expect(read(fields("acc.axes.1", "t", "acc.x"), message)).toEqual([5, 21, 1]);
  });

  test.each([
    ["missing", '{"t":1}', "field missing: expected a number, got nothing"],
    ["t.x", '{"t":1}', "field t.x: expected a number, got nothing"],
    ["t", '{"t":{}}', "field t: expected a number, got object"],
    ["constructor.name", "{}", "got nothing"],
    ["__proto__", "{}", "got nothing"],
    ["length", "[1]", "expected a number"],
    ["0", "5", "got nothing"],
  ])("%s of %s", (path, message, reason) => {
    if (path === "length") expect(read(fields(path), message)).toEqual([1]);
    else expect(() => read(fields(path), message)).toThrow(reason);
  });
});

describe("32-bit floats", () => {
  test("are read little endian, wherever they lie in the packet", () => {
    const packet = Buffer.concat([
      Buffer.from([9]),
      Buffer.from(new Float32Array([1.5, -2]).buffer),
    ]);
    expect([...readPayload({ form: "float32" }, packet.subarray(1))]).toEqual([1.5, -2]);
    expect([...readPayload({ form: "float32" }, Uint8Array.of(0, 0, 0x80, 0x3f))]).toEqual([1]);
  });

  test.each([0, 1, 3, 5, 6, 7])("of %i bytes are refused", (length) => {
    expect(() => readPayload({ form: "float32" }, new Uint8Array(length))).toThrow("multiple of 4");
  });
});

describe("a tensor of a message", () => {
  const spec = (shape: number[], dtype: "float32" | "int64" | "uint8" = "float32") => ({
    ...{ name: "x", dtype, shape },
  });
  const shapeOf = (shape: number[], count: number) =>
    tensorOf(spec(shape), new Float32Array(count)).shape;

  test("has the model's shape, the last free dimension as long as the message", () => {
    expect(shapeOf([1, 4], 4)).toEqual([1, 4]);
    expect(shapeOf([-1, 4], 4)).toEqual([1, 4]);
    expect(shapeOf([-1, 4], 8)).toEqual([2, 4]);
    expect(shapeOf([-1, -1], 5)).toEqual([1, 5]);
    expect(shapeOf([], 1)).toEqual([]);
  });

  test.each([
    [[1, 4], 3],
    [[1, 4], 5],
    [[-1, 4], 3],
    [[-1, 4], 9],
    [[], 2],
    [[0, 4], 1],
  ])("of shape %j is refused with %i elements", (shape, count) => {
    expect(() => shapeOf(shape, count)).toThrow("input x: expected");
    expect(() => tensorOf(spec(shape), Array<number>(count).fill(0))).toThrow("input x: expected");
  });

  test("with less than one row is refused with the length of a row", () => {
    expect(() => shapeOf([-1, 784], 2)).toThrow("expected 784 elements, got 2");
  });

  test("has the shape that the binding says, where it fits the elements", () => {
    const { shape } = tensorOf(spec([-1, -1, 2]), new Float32Array(12), [2, 3, 2]);
    expect(shape).toEqual([2, 3, 2]);
    expect(() => tensorOf(spec([-1]), new Float32Array(12), [2, 5])).toThrow(
      "expected 10 elements",
    );
  });

  test("has the model's element type, and no number that does not fit it", () => {
    expect(viewTensor(tensorOf(spec([2], "int64"), [1, "9007199254740993"]))).toMatchObject({
      values: BigInt64Array.of(1n, 9007199254740993n),
    });
    expect([...tensorOf(spec([2], "uint8"), new Float32Array([7, 255])).bytes]).toEqual([7, 255]);
    expect(() => tensorOf(spec([1], "uint8"), [256])).toThrow("x[0]: expected a whole number");
    expect(() => tensorOf(spec([1], "uint8"), new Float32Array([0.5]))).toThrow("whole number");
  });

  test("is for the input that the binding names, or the only one", () => {
    const other = { ...spec([1]), name: "y" };
    expect(inputOf([spec([1])], undefined).name).toBe("x");
    expect(inputOf([spec([1]), other], "y").name).toBe("y");
    expect(() => inputOf([spec([1]), other], undefined)).toThrow("one of x, y");
    expect(() => inputOf([spec([1])], "y")).toThrow("input y: expected one of x");
  });
});
