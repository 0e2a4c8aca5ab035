import { telemetryLimits } from "@modelfleet/protocol";
import type { CellValue } from "./read-cell.ts";

/** What a column holds, found in one pass in memory of fixed size. */
export interface ColumnScan {
  /** Rows with something in them. */
  filled: number;
  numbers: number;
  truths: number;
  times: number;
  texts: number;
  lists: number;
  /** Whether every number is a whole one. */
  isWhole: boolean;
  /** Different numbers, NaN apart; one more than are told apart when there are too many. */
  readonly distinct: Set<number>;
  /** The first text: in a column of numbers it is the fault. */
  firstText: { readonly at: number; readonly text: string } | null;
  /** Elements of each list; null when they differ. */
  listLength: number | null;
}

const DISTINCT_MAX = telemetryLimits.classesMax;

export function emptyScan(): ColumnScan {
  return {
    filled: 0,
    numbers: 0,
    truths: 0,
    times: 0,
    texts: 0,
    lists: 0,
    isWhole: true,
    distinct: new Set(),
    firstText: null,
    listLength: null,
  };
}

/** Takes one more row in. @param at line or row, for people */
export function scanCell(scan: ColumnScan, value: CellValue, at: number): void {
  if (value.kind === "nothing") return;
  scan.filled += 1;
  switch (value.kind) {
    case "number":
      scan.numbers += 1;
      scanNumber(scan, value.value);
      return;
    case "truth":
      scan.truths += 1;
      scanNumber(scan, value.value);
      return;
    case "time":
      scan.times += 1;
      return;
    case "text":
      scan.texts += 1;
      scan.firstText ??= { at, text: value.text };
      return;
    case "list":
      scan.lists += 1;
      scan.listLength = scan.lists === 1 ? value.elements.length : agreed(scan, value.elements);
  }
}

function scanNumber(scan: ColumnScan, value: number): void {
  if (Number.isNaN(value)) return;
  scan.isWhole &&= Number.isInteger(value);
  if (scan.distinct.size <= DISTINCT_MAX) scan.distinct.add(value);
}

function agreed({ listLength }: ColumnScan, elements: readonly unknown[]): number | null {
  return listLength === elements.length ? listLength : null;
}
