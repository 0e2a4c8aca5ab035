import { measureLimits, type TensorSpec } from "@modelfleet/protocol";
import { openItems } from "../telemetry/items/element-reader.ts";
import type { Tensor } from "../tensor.ts";
import { createRecentNumbers } from "./recent-numbers.ts";
import { spreadOver } from "./spread.ts";

/**
 * What one output has said lately: one number for each answer, so that answers, not rows, are what is counted.
 *
 * `classes`: of a float output whose last dimension holds several values, the index of the largest, folded into `bins`.
 * `values`: of any other output of numbers, one of its elements.
 */
export interface OutputWindow {
  readonly kind: "classes" | "values";
  /** Of classes; 0 of values, whose bins are drawn when two windows are compared. */
  readonly bins: number;
  /** Looks at one row of the answer, another one at each turn. A NaN, an infinite value, a text, or no row is counted nowhere. */
  readonly observe: (tensor: Tensor, turn: number) => void;
  readonly latest: () => Float64Array;
}

export function createOutputWindow(spec: TensorSpec): OutputWindow {
  const recent = createRecentNumbers(measureLimits.answersKeptMax);
  const classes = classesOf(spec);

  function observe(tensor: Tensor, turn: number): void {
    const items = openItems(tensor);
    if (items === null) return;
    const { view, read, elementBytes } = items;
    const elements = items.items * items.size;
    const width = classes === 0 ? 1 : classes;
    const rows = Math.floor(elements / width);
    if (rows === 0) return;
    const first = spreadOver(rows, turn) * width;
    const at = (i: number) => read(view, (first + i) * elementBytes);
    const value = classes === 0 ? at(0) : largestIndex(at, width) % measureLimits.binsMax;
    if (Number.isFinite(value)) recent.push(value);
  }

  return {
    kind: classes === 0 ? "values" : "classes",
    bins: Math.min(classes, measureLimits.binsMax),
    observe,
    latest: recent.latest,
  };
}

/** How many classes the last dimension holds; 0 when it does not tell classes apart. */
function classesOf({ dtype, shape }: TensorSpec): number {
  const width = shape.at(-1) ?? 1;
  return dtype.startsWith("float") && width > 1 ? width : 0;
}

/** The first of the largest; NaN when one of them is NaN. */
function largestIndex(at: (index: number) => number, width: number): number {
  let best = 0;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < width; i++) {
    const value = at(i);
    if (Number.isNaN(value)) return Number.NaN;
    if (value <= largest) continue;
    best = i;
    largest = value;
  }
  return best;
}
