import { CategoryProfile, distinctEstimate, unpackDistinct } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { joinElements } from "../../../../../../agent/src/domain/bytes-elements.ts";
import { createCategoryCounter } from "../../../../../../agent/src/domain/telemetry/counters/category-counter.ts";
import { openItems } from "../../../../../../agent/src/domain/telemetry/items/element-reader.ts";
import { openTexts } from "../../../../../../agent/src/domain/telemetry/items/text-items.ts";
import type { Tensor } from "../../../../../../agent/src/domain/tensor.ts";
import { readCell } from "../../../../../../controller/cli/profile/read-cell.ts";
import { rows } from "../../../../../support/telemetry/observations.ts";
import { categoryOf } from "../../../../../support/telemetry/windows.ts";

function texts(shape: readonly number[], words: readonly string[]): Tensor {
  const bytes = joinElements(words.map((word) => new TextEncoder().encode(word)));
  return { name: "site", dtype: "string", shape, bytes };
}

function counted(tensor: Tensor | null, items: number, words: readonly string[], index = 0) {
  const counter = createCategoryCounter(categoryOf("site", words, index));
  const opened = tensor === null ? null : { numbers: openItems(tensor), texts: openTexts(tensor) };
  for (let item = 0; item < items; item++) counter.add(opened, item);
  return counter;
}

test("words are counted by their text, and everything else as one", () => {
  const tensor = texts([5], ["nord", "süd", "west", "nord", "Nord"]);
  const { distinctOther, ...sketch } = counted(tensor, 5, ["nord", "süd"]).take();

  expect(sketch).toEqual({ counts: [2, 1, 2], missing: 0 });
  expect(Math.round(distinctEstimate(unpackDistinct(distinctOther) ?? new Uint8Array(64)))).toBe(2);
});

test("a category takes its element of each item", () => {
  const tensor = texts([2, 2], ["a", "b", "c", "b"]);

  expect(counted(tensor, 2, ["a", "b"], 1).take().counts).toEqual([0, 2, 0]);
  expect(counted(tensor, 2, ["a", "b"], 2).take()).toMatchObject({ counts: [0, 0, 0], missing: 2 });
});

test("whole numbers are the words that say them, of every element type", () => {
  const words = ["-1", "3", "0.1"];
  const int64 = new Uint8Array(BigInt64Array.from([-1n, 3n, 4n]).buffer);
  const int8 = new Uint8Array(Int8Array.from([-1, 3, 4]).buffer);

  const ofLong = counted({ name: "site", dtype: "int64", shape: [3], bytes: int64 }, 3, words);
  const ofByte = counted({ name: "site", dtype: "int8", shape: [3], bytes: int8 }, 3, words);
  const ofFloat = counted(rows("site", [[-1], [3], [0.1]]), 3, words);
  expect(ofLong.take().counts).toEqual([1, 1, 0, 1]);
  expect(ofByte.take().counts).toEqual([1, 1, 0, 1]);
  expect(ofFloat.take().counts).toEqual([1, 1, 1, 0]);
});

test("a boolean is 0 or 1, or false or true", () => {
  const tensor: Tensor = { name: "on", dtype: "bool", shape: [3], bytes: Uint8Array.of(0, 1, 1) };

  expect(counted(tensor, 3, ["false", "true"]).take().counts).toEqual([1, 2, 0]);
  expect(counted(tensor, 3, ["0", "1"]).take().counts).toEqual([1, 2, 0]);
});

test("what is not there is missing: no tensor, too few items, no number", () => {
  expect(counted(null, 2, ["a"]).take()).toMatchObject({ counts: [0, 0], missing: 2 });
  expect(counted(texts([1], ["a"]), 3, ["a"]).take()).toMatchObject({ counts: [1, 0], missing: 2 });
  expect(counted(rows("site", [[Number.NaN]]), 1, ["1"]).take()).toMatchObject({ missing: 1 });
  const torn = { ...texts([2], ["a", "b"]), shape: [3] };
  expect(openTexts(torn)).toBeNull();
  expect(openTexts({ ...torn, shape: [1] })).toBeNull();
});

test("a text that says nothing is missing, as in the file of rows a profile is made of", () => {
  const said = ["", " ", "\t\n", "a", " a"];
  const sketch = counted(texts([5], said), 5, ["a"]).take();
  const cells = said.map((cell) => readCell(cell, { missing: new Set(), isTyped: true }));

  expect(sketch).toMatchObject({ counts: [1, 1], missing: 3 });
  expect(cells.filter(({ kind }) => kind === "nothing")).toHaveLength(sketch.missing);
  // So no reference may tell it apart.
  expect(CategoryProfile.safeParse(categoryOf("site", ["a", "b"])).success).toBe(true);
  for (const word of ["", " "]) {
    expect(CategoryProfile.safeParse(categoryOf("site", ["a", word])).success).toBe(false);
  }
});

test("nothing of a window is in the next", () => {
  const counter = counted(texts([2], ["a", "z"]), 2, ["a"]);
  counter.take();

  const again = counter.take();
  expect(again).toEqual({ counts: [0, 0], missing: 0, distinctOther: new Uint8Array(0) });
});
