import { expect, test } from "vitest";
import { createOutputCounter } from "../../../../../../agent/src/domain/telemetry/counters/output-counter.ts";
import { openItems } from "../../../../../../agent/src/domain/telemetry/items/element-reader.ts";
import { rows } from "../../../../../support/telemetry/observations.ts";

test.each<[string, number[], number[], number[]]>([
  ["the class of the largest value", [0.25, 0.75, 0], [0, 1, 0], [0, 1]],
  ["the first of equals", [0.25, 0.375, 0.375], [0, 1, 0], [1, 0]],
  ["the first when all are equal", [0, 0, 0], [1, 0, 0], [1, 0]],
  ["a confidence on an edge in the bin above it", [0, 0, 0.5], [0, 0, 1], [0, 1]],
  ["a negative confidence in the first bin", [-3, -2, -4], [0, 1, 0], [1, 0]],
  ["an infinite confidence in the last bin", [0, 0, Number.POSITIVE_INFINITY], [0, 0, 1], [0, 1]],
  ["nowhere an item with a NaN", [0.9, Number.NaN, 0], [0, 0, 0], [0, 0]],
  ["nowhere an item of another length", [0.9, 0], [0, 0, 0], [0, 0]],
])("counts %s", (_, values, classCounts, confidenceCounts) => {
  expect(countsOf([values])).toEqual({ classCounts, confidenceCounts });
});

test("counts every item of a batch", () => {
  const batch = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0.25, 0],
  ];

  expect(countsOf(batch)).toEqual({ classCounts: [1, 2, 0], confidenceCounts: [1, 2] });
});

function countsOf(items: readonly (readonly number[])[]) {
  const counter = createOutputCounter({
    name: "kind",
    source: { tensor: "y" },
    kind: "classification",
    classes: ["a", "b", "c"],
    counts: [1, 1, 1],
    confidence: { edges: [0.5], counts: [1, 1] },
  });
  const tensor = openItems(rows("y", items));
  if (tensor === null) throw new TypeError("expected a tensor of numbers");
  for (let item = 0; item < tensor.items; item++) counter.add(tensor, item);
  return counter.take();
}
