import type { FeatureSource } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  type ItemView,
  openItems,
} from "../../../../../../agent/src/domain/telemetry/items/element-reader.ts";
import { featureOf } from "../../../../../../agent/src/domain/telemetry/items/feature-of.ts";
import { rows } from "../../../../../support/telemetry/observations.ts";

const items = opened([
  [1, 2, 3, 6],
  [-5, -5, -5, 5],
]);

test.each<[Omit<FeatureSource, "tensor">, number, number]>([
  [{ reduce: "element", index: 2 }, 3, -5],
  [{ reduce: "element" }, 1, -5],
  [{ reduce: "mean" }, 3, -2.5],
  [{ reduce: "sd" }, Math.sqrt(3.5), Math.sqrt(18.75)],
  [{ reduce: "min" }, 1, -5],
  [{ reduce: "max" }, 6, 5],
  [{ reduce: "mean", range: [1, 3] }, 2.5, -5],
  [{ reduce: "max", range: [0, 3] }, 3, -5],
  [{ reduce: "sd", range: [3, 4] }, 0, 0],
])("%j is taken from each item by itself", (source, first, second) => {
  expect(featureOf(items, 0, { tensor: "x", ...source })).toBeCloseTo(first, 12);
  expect(featureOf(items, 1, { tensor: "x", ...source })).toBeCloseTo(second, 12);
});

test.each<[Omit<FeatureSource, "tensor">]>([
  [{ reduce: "element", index: 4 }],
  [{ reduce: "mean", range: [0, 5] }],
  [{ reduce: "max", range: [4, 5] }],
])("%j lies outside of the item and never in its neighbour", (source) => {
  expect(featureOf(items, 0, { tensor: "x", ...source })).toBeUndefined();
});

test.each(["mean", "sd", "min", "max"] as const)("one NaN makes the %s NaN", (reduce) => {
  const tensor = opened([[1, Number.NaN, 3]]);

  expect(featureOf(tensor, 0, { tensor: "x", reduce })).toBeNaN();
});

test("the spread of large numbers is not lost", () => {
  const tensor = opened([[16_777_214, 16_777_215, 16_777_216]]);

  expect(featureOf(tensor, 0, { tensor: "x", reduce: "sd" })).toBeCloseTo(Math.sqrt(2 / 3), 12);
});

function opened(values: readonly (readonly number[])[]): ItemView {
  const view = openItems(rows("x", values));
  if (view === null) throw new TypeError("expected a tensor of numbers");
  return view;
}
