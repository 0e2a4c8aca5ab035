import { type ElementType, elementTypes } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openItems } from "../../../../../../agent/src/domain/telemetry/items/element-reader.ts";

test.each<[ElementType, number[], number]>([
  ["bool", [1], 1],
  ["uint8", [0xff], 255],
  ["int8", [0xff], -1],
  ["uint16", [0x34, 0x12], 0x1234],
  ["int16", [0xfe, 0xff], -2],
  ["uint32", [0, 0, 0, 0x80], 2 ** 31],
  ["int32", [0, 0, 0, 0x80], -(2 ** 31)],
  ["uint64", [1, 0, 0, 0, 2, 0, 0, 0], 2 ** 33 + 1],
  ["int64", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
  ["int64", [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], 2 ** 32 - 1],
  ["float16", [0x00, 0x3c], 1],
  ["float16", [0x00, 0xc1], -2.5],
  ["float16", [0x01, 0x00], 2 ** -24],
  ["float16", [0xff, 0x7b], 65_504],
  ["float16", [0x00, 0x7c], Number.POSITIVE_INFINITY],
  ["float16", [0x01, 0x7e], Number.NaN],
  ["float32", [0, 0, 0x80, 0x3f], 1],
  ["float64", [0, 0, 0, 0, 0, 0, 0xf0, 0xbf], -1],
])("%s bytes %j read %d, wherever they lie in memory", (dtype, bytes, expected) => {
  // One byte in front, so that nothing is aligned.
  const whole = Uint8Array.from([9, ...bytes]);
  const opened = openItems({ name: "x", dtype, shape: [1], bytes: whole.subarray(1) });

  expect(opened?.read(opened.view, 0)).toBe(expected);
  expect(opened?.elementBytes).toBe(elementTypes[dtype].bytes);
});

test("the first dimension is the items, the others make the size of one", () => {
  const bytes = new Uint8Array(2 * 3 * 4);

  expect(openItems({ name: "x", dtype: "uint8", shape: [2, 3, 4], bytes })).toMatchObject({
    items: 2,
    size: 12,
  });
  expect(openItems({ name: "x", dtype: "uint8", shape: [24], bytes })).toMatchObject({
    items: 24,
    size: 1,
  });
  expect(openItems({ name: "x", dtype: "uint8", shape: [], bytes })).toMatchObject({
    items: 1,
    size: 1,
  });
});

test.each<[string, ElementType, number[], number]>([
  ["text", "string", [1], 5],
  ["no item", "float32", [0, 4], 0],
  ["a thousand million items of nothing", "float32", [1e9, 0], 0],
  ["one byte less than its shape says", "float32", [2, 2], 15],
])("a tensor of %s has nothing to read", (_, dtype, shape, length) => {
  expect(openItems({ name: "x", dtype, shape, bytes: new Uint8Array(length) })).toBeNull();
});
