import { expect, test } from "vitest";
import { loadDigits, parseDigits } from "../../../examples/digits/dataset.ts";

const blank = new Array<number>(784).fill(0);

test("a file of two images gives two digits", () => {
  const digits = parseDigits({ data: [...blank, ...blank.with(783, 0.149)] }, 3);

  expect(digits.map(({ label }) => label)).toEqual([3, 3]);
  expect(digits[1]?.pixels[783]).toBe(Math.fround(0.149));
});

test.each([
  ["one pixel short", { data: blank.slice(1) }],
  ["one pixel long", { data: [...blank, 0] }],
  ["empty", { data: [] }],
  ["darker than ink", { data: blank.with(0, 1.001) }],
  ["lighter than paper", { data: blank.with(0, -0.001) }],
  ["not a number", { data: blank.map(String) }],
  ["without data", {}],
  ["nothing", null],
])("a file that is %s is refused", (_, file) => {
  expect(() => parseDigits(file, 3)).toThrow(TypeError);
});

test("the package's 10,000 digits are split into 8,000 and 2,000 with no image in both", async () => {
  const { training, heldOut } = await loadDigits();

  const images = new Set([...training, ...heldOut].map(({ pixels }) => pixels.join()));
  expect([training.length, heldOut.length, images.size]).toEqual([8_000, 2_000, 10_000]);
});

test("the split is the same each time, and every digit is in both parts", async () => {
  const [first, second] = await Promise.all([loadDigits(), loadDigits()]);

  expect(second.heldOut).toEqual(first.heldOut);
  expect(new Set(first.heldOut.map(({ label }) => label)).size).toBe(10);
  expect(new Set(first.training.map(({ label }) => label)).size).toBe(10);
});
