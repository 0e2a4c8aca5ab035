import { elementTypes } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { decodeTensor, encodeTensor } from "../../../../agent/src/client/tensor.ts";

const arrays = [
  ["BOOL", Uint8Array.of(1, 0), "BOOL"],
  ["UINT8", Uint8Array.of(1, 255), undefined],
  ["UINT16", Uint16Array.of(1, 65_535), undefined],
  ["UINT32", Uint32Array.of(1, 2 ** 32 - 1), undefined],
  ["UINT64", BigUint64Array.of(1n, 2n ** 64n - 1n), undefined],
  ["INT8", Int8Array.of(1, -128), undefined],
  ["INT16", Int16Array.of(1, -32_768), undefined],
  ["INT32", Int32Array.of(1, -(2 ** 31)), undefined],
  ["INT64", BigInt64Array.of(1n, -(2n ** 63n)), undefined],
  ["FP16", Uint16Array.of(0x3c00, 0xc000), "FP16"],
  ["FP32", Float32Array.of(1, -0), undefined],
  ["FP64", Float64Array.of(1, Number.NaN), undefined],
] as const;

describe("the client's tensors", () => {
  test.each(arrays)("of %s come back as they were sent", (name, data, datatype) => {
    const tensor = { data, shape: [2], ...(datatype === undefined ? {} : { datatype }) };
    const encoded = encodeTensor("x", tensor);
    // At an odd place in the body, as behind a JSON part of any length.
    const body = Buffer.concat([Buffer.from("?"), encoded.bytes]);

    const back = decodeTensor(encoded.datatype, [2], body.subarray(1));

    expect(encoded.datatype).toBe(name);
    expect(back).toEqual({ datatype: name, shape: [2], data });
  });

  test.each([
    ["are most of an answer are read where they lie", 8, 64, true],
    ["lie there askew are copied", 7, 64, false],
    ["are a small part of it do not keep the rest of it", 8, 16, false],
  ])("that %s", (_, at, length, isView) => {
    const body = Uint8Array.from({ length: 80 }, (__, i) => i);
    const bytes = body.subarray(at, at + length);

    const { data } = decodeTensor("FP64", [length / 8], bytes);

    if (!(data instanceof Float64Array)) throw new TypeError("expected numbers of 64 bits");
    expect(Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(bytes)).toBe(true);
    expect(data.buffer === body.buffer).toBe(isView);
  });

  test("may be texts and booleans", () => {
    const texts = encodeTensor("x", { data: ["né", ""], shape: [2] });

    expect(decodeTensor(texts.datatype, [2], texts.bytes).data).toEqual(["né", ""]);
    expect(encodeTensor("x", { data: [true, false], shape: [2] })).toEqual({
      datatype: "BOOL",
      bytes: Uint8Array.of(1, 0),
    });
  });

  test("know every datatype of the contract, and no other", () => {
    const known = [...arrays.map(([name]) => name), "BYTES"].sort();

    expect(known).toEqual(
      Object.values(elementTypes)
        .map(({ oip }) => oip)
        .sort(),
    );
    expect(() => decodeTensor("FP8", [], new Uint8Array())).toThrow("of a known datatype");
    expect(() => decodeTensor("toString", [], new Uint8Array())).toThrow("of a known datatype");
  });

  test("that are cut, or are no tensors at all, are refused", () => {
    expect(() => decodeTensor("FP32", [1], new Uint8Array(3))).toThrow("whole elements of FP32");
    expect(() => decodeTensor("BYTES", [1], Uint8Array.of(9, 0, 0, 0))).toThrow("whole texts");
    const mixed = [1, "a"] as unknown as readonly string[];
    expect(() => encodeTensor("x", { data: mixed, shape: [2] })).toThrow(
      "input x: expected a typed",
    );
    expect(() =>
      encodeTensor("x", { data: new DataView(new ArrayBuffer(2)) as never, shape: [] }),
    ).toThrow("got another view");
  });
});
