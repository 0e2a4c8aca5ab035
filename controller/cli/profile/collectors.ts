import { projected } from "../../src/domain/profile/projected.ts";
import { type NumberType, storedNumber } from "../../src/domain/profile/stored-number.ts";
import type { Embedding } from "./column-use.ts";
import { quoted } from "./file-fault.ts";
import type { CellValue } from "./read-cell.ts";
import { readTime } from "./read-time.ts";
import type { Cell } from "./table.ts";
import type { WordList } from "./word-list.ts";

/** What is wrong with a value, without where it stands. */
export class CellFault extends Error {}

/** A value with what stands in the file. */
export interface ReadCell {
  readonly cell: Cell;
  readonly value: CellValue;
}

/** Takes in what one row has in a column. @throws CellFault */
export type Collect = (row: number, read: ReadCell) => void;

/** Numbers of a column or a projection, and how many rows have none. */
export interface NumberColumn {
  /** As a device reads them; NaN where there is none. Shape [rows]. */
  readonly values: Float64Array;
  missing: number;
}

export function emptyNumbers(rows: number): NumberColumn {
  return { values: new Float64Array(rows).fill(Number.NaN), missing: 0 };
}

export function numbersInto(column: NumberColumn, elementType: NumberType): Collect {
  return (row, { value }) => {
    const number = numberOf(value);
    if (number === null) column.missing += 1;
    else column.values[row] = storedNumber(elementType, number);
  };
}

// Sums of probabilities that were rounded may pass 1 by this.
const CONFIDENCE_MAX = 1 + 1e-6;

/** The largest probability of each answer. */
export function confidenceInto(column: NumberColumn, elementType: NumberType): Collect {
  const collect = numbersInto(column, elementType);
  return (row, read) => {
    collect(row, read);
    const confidence = column.values[row] ?? 0;
    if (confidence < 0 || confidence > CONFIDENCE_MAX) {
      throw new CellFault(`expected a confidence of 0 … 1, got ${confidence}`);
    }
  };
}

/** @param elementType null: the words of a tensor of texts, as they stand there */
export function wordsInto(words: WordList, elementType: NumberType | null): Collect {
  return (row, read) => {
    if (read.value.kind === "nothing") return;
    if (elementType === null) words.add(row, rawWord(read));
    else words.add(row, numberWord(storedNumber(elementType, numberOf(read.value) ?? Number.NaN)));
  };
}

/** Classes by name: 1.0 and 1 are the same. */
export function classesInto(words: WordList): Collect {
  return (row, read) => {
    if (read.value.kind === "nothing") return;
    const isNumber = read.value.kind === "number";
    words.add(row, isNumber ? numberWord(read.value.value) : rawWord(read).trim());
  };
}

export function timesInto(timesMs: Float64Array): Collect {
  return (row, { cell, value }) => {
    const ms = readTime(value);
    if (ms !== undefined) timesMs[row] = ms;
    else
      throw new CellFault(
        `expected a time since 1970, as in 2026-11-21T17:30:00Z, got ${quoted(String(cell ?? ""))}`,
      );
  };
}

export interface EmbeddingRows {
  /** One a projection. */
  readonly projections: readonly NumberColumn[];
  readonly seed: number;
}

/** The projections of one vector. @param reads one a column of the embedding */
export function collectVector(
  { elementType, length }: Embedding,
  { projections, seed }: EmbeddingRows,
  { row, reads }: { readonly row: number; readonly reads: readonly ReadCell[] },
): void {
  const elements = elementsOf(reads);
  if (elements === null) {
    for (const column of projections) column.missing += 1;
    return;
  }
  if (elements.length !== length) {
    throw new CellFault(`expected ${length} elements, got ${elements.length}`);
  }
  const stored = Float64Array.from(elements, (element) => storedNumber(elementType, element));
  for (const [index, column] of projections.entries()) {
    column.values[row] = storedNumber("float64", projected(stored, seed, index));
  }
}

/** @returns null when one of them is missing */
function elementsOf(reads: readonly ReadCell[]): readonly number[] | null {
  const [first] = reads;
  if (first?.value.kind === "list") return first.value.elements.map(elementOf);
  const numbers = reads.map(({ value }) => numberOf(value));
  return numbers.includes(null) ? null : numbers.map((number) => number ?? Number.NaN);
}

function elementOf(element: unknown): number {
  if (typeof element === "number") return element;
  if (typeof element === "bigint") return Number(element);
  if (element === null) return Number.NaN;
  throw new CellFault(`expected a list of numbers, got ${typeof element} in it`);
}

/** @throws CellFault */
function numberOf(value: CellValue): number | null {
  switch (value.kind) {
    case "nothing":
      return null;
    case "number":
    case "truth":
      return value.value;
    case "text":
      throw new CellFault(`expected a number, got ${quoted(value.text)}`);
    case "time":
    case "list":
      throw new CellFault(`expected a number, got a ${value.kind}`);
  }
}

function numberWord(value: number): string | null {
  return Number.isNaN(value) ? null : String(value);
}

function rawWord({ cell }: ReadCell): string {
  return typeof cell === "string" ? cell : String(cell);
}
