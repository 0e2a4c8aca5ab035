import { elementTypes } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { joinElements } from "../../../../agent/src/domain/bytes-elements.ts";
import {
  batchForm,
  joinRows,
  splitRows,
} from "../../../../agent/src/domain/serving/tensor-batch.ts";
import type { Tensor } from "../../../../agent/src/domain/tensor.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { seededRandom } from "../../../support/random.ts";

const row = (name: string, values: readonly number[]) =>
  floatTensor(name, [1, values.length], values);

describe("requests can be joined", () => {
  const form = batchForm([row("x", [1, 2])], ["y"]);

  test("when they differ in nothing but their rows", () => {
    const more = batchForm([floatTensor("x", [3, 2], [1, 2, 3, 4, 5, 6])], ["y"]);

    expect(more?.key).toBe(form?.key);
    expect([form?.rows, more?.rows]).toEqual([1, 3]);
  });

  test.each([
    ["another length of a row", [row("x", [1, 2, 3])], ["y"]],
    ["another rank", [floatTensor("x", [1, 2, 1], [1, 2])], ["y"]],
    ["another name", [row("z", [1, 2])], ["y"]],
    ["another element type", [{ ...row("x", [1, 2]), dtype: "int32" as const }], ["y"]],
    ["other outputs wanted", [row("x", [1, 2])], []],
    ["one more input", [row("x", [1, 2]), row("w", [1])], ["y"]],
  ] satisfies [string, Tensor[], string[]][])("but not with %s", (_, inputs, outputs) => {
    expect(batchForm(inputs, outputs)?.key).not.toBe(form?.key);
  });

  test("but not by names that only look alike when they are written in a row", () => {
    const [left, right] = [
      [floatTensor('x","float32",2],["y', [1, 2], [1, 2])],
      [row("x", [1, 2]), row("y", [1, 2])],
    ].map((inputs) => batchForm(inputs, [])?.key);

    expect(left).not.toBe(right);
  });

  test.each([
    ["no rows", [floatTensor("x", [0, 2], [])]],
    ["no dimension", [floatTensor("x", [], [1])]],
    ["no input", []],
    ["inputs of differing rows", [row("x", [1]), floatTensor("w", [2, 1], [1, 2])]],
  ] satisfies [string, Tensor[]][])("but not with %s", (_, inputs) => {
    expect(batchForm(inputs, [])).toBeUndefined();
  });
});

test("rows of every element type, joined and split, are the bytes they were", () => {
  const random = seededRandom(7);
  for (const dtype of Object.keys(elementTypes) as Tensor["dtype"][]) {
    const parts = [2, 1, 4].map((rows) => tensorOf(dtype, [rows, 3], random.next));

    const [joined] = joinRows(parts.map((part) => [part]));
    const split = joined === undefined ? [] : splitRows([joined], [2, 1, 4]);

    expect(joined?.shape, `seed 7, ${dtype}`).toEqual([7, 3]);
    expect(split, `seed 7, ${dtype}`).toEqual(parts.map((part) => [part]));
  }
});

test("a batch is split without a copy", () => {
  const whole = floatTensor("y", [2, 2], [1, 2, 3, 4]);

  const split = splitRows([whole], [1, 1]);

  const [first, second] = typeof split === "string" ? [] : split.flat();
  expect([first, second].map((part) => part?.bytes.buffer)).toEqual([
    whole.bytes.buffer,
    whole.bytes.buffer,
  ]);
  expect(second?.bytes.byteOffset).toBe(8);
});

test("an output of other rows than the batch is not split, and named", () => {
  const outputs = [floatTensor("y", [2, 1], [1, 2]), floatTensor("mean", [1, 1], [1.5])];

  expect(splitRows(outputs, [1, 1])).toContain("output mean: expected 2 rows");
});

function tensorOf(dtype: Tensor["dtype"], shape: readonly number[], next: () => number): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const random = (length: number) => Uint8Array.from({ length }, () => Math.floor(next() * 256));
  if (dtype !== "string") {
    return { name: "x", dtype, shape, bytes: random(count * elementTypes[dtype].bytes) };
  }
  const texts = Array.from({ length: count }, () => random(Math.floor(next() * 5)));
  return { name: "x", dtype, shape, bytes: joinElements(texts) };
}
