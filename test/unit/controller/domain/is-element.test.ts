import { ElementType } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { parseJsonTensor } from "../../../../agent/src/domain/serving/parse-json-tensor.ts";
import { isElement } from "../../../../controller/src/domain/release/is-element.ts";

const values: readonly unknown[] = [
  ...[0, 1, -1, 1.5, 127, 128, -128, -129, 255, 256, 65_504, 65_505, 65_535, 65_536],
  ...[2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "18446744073709551615"],
  ...["18446744073709551616", "-1", "7", "1.5", "0x1", "", "text", "NaN", "Infinity", "-Infinity"],
  ...[1e39, -1e39, 1e308, true, false, null, {}],
];

describe.each(ElementType.options)("an element of %s", (dtype) => {
  test.each(values)("%j is judged as the device will judge it", (value) => {
    expect(isElement(value, dtype)).toBe(isReadByDevice(value, dtype));
  });
});

function isReadByDevice(value: unknown, dtype: ElementType): boolean {
  try {
    parseJsonTensor({ name: "x", dtype, shape: [1], data: [value] });
    return true;
  } catch {
    return false;
  }
}
