import { totalVariation } from "@modelfleet/protocol";
import { expect, test } from "vitest";

test("identical shares have not moved, and shares without a common bin have moved entirely", () => {
  expect(totalVariation([0.5, 0.5], [0.5, 0.5])).toBe(0);
  expect(totalVariation([1, 0], [0, 1])).toBe(1);
});

test("a share that moved counts once, not once for each of its two bins", () => {
  expect(totalVariation([0.5, 0.5, 0], [0.5, 0.25, 0.25])).toBe(0.25);
  expect(totalVariation([0.5, 0.25, 0.25], [0.5, 0.5, 0])).toBe(0.25);
});
