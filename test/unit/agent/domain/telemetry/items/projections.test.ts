import { projectionSign } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { openItems } from "../../../../../../agent/src/domain/telemetry/items/element-reader.ts";
import { createProjections } from "../../../../../../agent/src/domain/telemetry/items/projections.ts";
import { seededRandom } from "../../../../../support/random.ts";
import { rows } from "../../../../../support/telemetry/observations.ts";

const seed = 16;
const source = (index: number, range?: [number, number]) =>
  ({ tensor: "x", reduce: "projection", index, seed, ...(range && { range }) }) as const;

test.each([1, 3, 4, 7, 384])("projections of %i elements are those of their definition", (size) => {
  const random = seededRandom(seed);
  const values = [0, 1].map(() => Array.from({ length: size }, () => Math.fround(random.normal())));
  const opened = openItems(rows("x", values));
  const projections = createProjections([source(0), source(5)]);
  if (opened === null) throw new TypeError("expected a tensor");

  for (const item of [0, 1, 0]) {
    expect(projections.read(opened, item)).toBe(true);
    for (const [which, index] of [0, 5].entries()) {
      const terms = (values[item] ?? []).map((value, i) => value * projectionSign(seed, index, i));
      const expected = terms.reduce((sum, term) => sum + term, 0) / Math.sqrt(size);
      expect(projections.project(which)).toBeCloseTo(expected, 12);
    }
  }
});

test("a range takes its elements, and one that is not there nothing", () => {
  const opened = openItems(rows("x", [[100, 1, 2, 100]]));
  const inside = createProjections([source(0, [1, 3])]);
  const beyond = createProjections([source(0, [1, 5])]);
  if (opened === null) throw new TypeError("expected a tensor");

  expect(inside.read(opened, 0)).toBe(true);
  const expected = projectionSign(seed, 0, 0) + 2 * projectionSign(seed, 0, 1);
  expect(inside.project(0)).toBeCloseTo(expected / Math.sqrt(2), 12);
  expect(beyond.read(opened, 0)).toBe(false);
});

test("a value that is none makes none", () => {
  const opened = openItems(rows("x", [[1, Number.NaN]]));
  const projections = createProjections([source(0)]);
  if (opened === null) throw new TypeError("expected a tensor");

  projections.read(opened, 0);
  expect(projections.project(0)).toBeNaN();
});
