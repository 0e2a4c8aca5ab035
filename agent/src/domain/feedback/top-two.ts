import type { ItemView } from "../telemetry/items/element-reader.ts";

/** The two largest values of one item of a classifying output, and which class the largest is of. */
export interface TopTwo {
  /** The first of equals, as in a window's counts. */
  readonly best: number;
  readonly first: number;
  readonly second: number;
}

/** @returns null for an item with a NaN, or with another number of values than classes */
export function topTwo(
  { view, read, elementBytes, size }: ItemView,
  item: number,
  classes: number,
): TopTwo | null {
  if (size !== classes) return null;
  let best = 0;
  let first = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < size; index++) {
    const value = read(view, (item * size + index) * elementBytes);
    if (Number.isNaN(value)) return null;
    if (value > first) {
      second = first;
      first = value;
      best = index;
    } else if (value > second) {
      second = value;
    }
  }
  return { best, first, second };
}
