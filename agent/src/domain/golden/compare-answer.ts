import type { Comparator } from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";
import { type TensorView, viewTensor } from "../tensor-view.ts";

export interface Comparison {
  /** Largest |got − expected| over the elements that are numbers; infinite where only one of them is finite. */
  readonly maxAbsoluteError: number;
  /** The first difference, for people; absent when the answer is as expected. */
  readonly difference?: string;
}

/**
 * Whether an answer is what a golden case expects (agent.md 4).
 *
 * `allclose`: |got − expected| ≤ atol + rtol · |expected|, NaN only where NaN is expected; texts and truth values exactly.
 * `argmax`, `topk`: along the last dimension, the lower index first among equals; a NaN in the answer is a difference.
 * `exact`: the same bits.
 */
export function compareAnswer(expected: Tensor, got: Tensor, compare: Comparator): Comparison {
  const form = compareForm(expected, got);
  if (form !== undefined) return { maxAbsoluteError: Number.POSITIVE_INFINITY, difference: form };
  const pair = { expected: viewTensor(expected), got: viewTensor(got), shape: expected.shape };
  const maxAbsoluteError = largestError(pair);
  const difference = differenceOf(pair, compare, sameBytes(expected.bytes, got.bytes));
  if (difference === undefined) return { maxAbsoluteError };
  return { maxAbsoluteError, difference: `output ${expected.name}${difference}` };
}

interface Pair {
  readonly expected: TensorView;
  readonly got: TensorView;
  readonly shape: readonly number[];
}

function compareForm(expected: Tensor, got: Tensor): string | undefined {
  const form = ({ dtype, shape }: Tensor) => `${dtype} [${shape.join(",")}]`;
  if (form(expected) === form(got)) return undefined;
  return `output ${expected.name}: expected ${form(expected)}, got ${form(got)}`;
}

function differenceOf(pair: Pair, compare: Comparator, isSame: boolean): string | undefined {
  if (isSame && compare.kind !== "argmax" && compare.kind !== "topk") return undefined;
  switch (compare.kind) {
    case "exact":
      return firstDifference(pair, () => false) ?? ": expected the same bits, got others";
    case "allclose":
      return firstDifference(pair, (expected, got) => isClose(expected, got, compare));
    case "argmax":
      return rankDifference(pair, 1);
    case "topk":
      return rankDifference(pair, compare.k);
  }
}

type Element = number | bigint | string;
const SHOWN_CHARACTERS_MAX = 64;

function firstDifference(
  { expected, got }: Pair,
  isEnough: (expected: Element, got: Element) => boolean,
): string | undefined {
  for (let i = 0; i < expected.values.length; i++) {
    const [want, came] = [expected.values[i], got.values[i]];
    if (want === undefined || came === undefined) continue;
    if (!Object.is(want, came) && !isEnough(want, came)) {
      return `[${i}]: expected ${shown(want)}, got ${shown(came)}`;
    }
  }
  return undefined;
}

function shown(element: Element): string {
  if (Object.is(element, -0)) return "-0";
  const text = typeof element === "string" ? JSON.stringify(element) : String(element);
  return text.slice(0, SHOWN_CHARACTERS_MAX);
}

function isClose(
  expected: Element,
  got: Element,
  { atol, rtol }: { readonly atol: number; readonly rtol: number },
): boolean {
  if (typeof expected === "string" || typeof got === "string") return expected === got;
  if (expected === got) return true;
  const error = absoluteError(expected, got);
  return Number.isFinite(error) && error <= atol + rtol * Math.abs(Number(expected));
}

/** 0 where both are NaN or the same infinity; infinite where only one of them is a finite number. */
function absoluteError(expected: number | bigint, got: number | bigint): number {
  if (typeof expected === "bigint" && typeof got === "bigint") {
    return Math.abs(Number(got - expected));
  }
  if (Object.is(expected, got)) return 0;
  const error = Math.abs(Number(got) - Number(expected));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function largestError({ expected, got }: Pair): number {
  let largest = 0;
  for (let i = 0; i < expected.values.length; i++) {
    const [want, came] = [expected.values[i], got.values[i]];
    if (want === undefined || came === undefined) continue;
    if (typeof want === "string" || typeof came === "string") continue;
    largest = Math.max(largest, absoluteError(want, came));
  }
  return largest;
}

/** Compares which `k` indices are the largest in each row of the last dimension. */
function rankDifference({ expected, got, shape }: Pair, k: number): string | undefined {
  const [wanted, came] = [numbersOf(expected), numbersOf(got)];
  const width = shape.at(-1) ?? 1;
  for (let start = 0; start < came.length; start += width) {
    const row = came.slice(start, start + width);
    if (row.some(Number.isNaN)) return `[${start}…]: expected numbers, got NaN`;
    const want = topIndices(wanted.slice(start, start + width), k);
    const top = topIndices(row, k);
    if (want.join() !== top.join()) {
      return `[${start}…]: expected index ${want.join(",")} on top, got ${top.join(",")}`;
    }
  }
  return undefined;
}

function numbersOf(view: TensorView): readonly number[] {
  return Array.from<Element, number>(view.values, Number);
}

/** The indices of the `k` largest, in ascending order of index: their order among themselves is not compared. */
function topIndices(row: readonly number[], k: number): readonly number[] {
  return row
    .map((value, index) => ({ value, index }))
    .sort((left, right) => right.value - left.value || left.index - right.index)
    .slice(0, k)
    .map(({ index }) => index)
    .sort((left, right) => left - right);
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}
