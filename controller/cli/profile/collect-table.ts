import { profileLimits } from "@modelfleet/protocol";
import {
  CellFault,
  type Collect,
  classesInto,
  collectVector,
  confidenceInto,
  type EmbeddingRows,
  emptyNumbers,
  type NumberColumn,
  numbersInto,
  type ReadCell,
  timesInto,
  wordsInto,
} from "./collectors.ts";
import type { CategoricalUse, ColumnUse, Embedding, NumericUse, TablePlan } from "./column-use.ts";
import { fileFault } from "./file-fault.ts";
import { type CellRules, readCell } from "./read-cell.ts";
import type { Table, TableRow } from "./table.ts";
import { createWordList, type WordList } from "./word-list.ts";

/** The values of a file of rows, by what they are for. */
export interface CollectedTable {
  readonly numbers: ReadonlyMap<NumericUse, NumberColumn>;
  readonly words: ReadonlyMap<CategoricalUse, WordList>;
  readonly embeddings: ReadonlyMap<Embedding, EmbeddingRows>;
  readonly timesMs: Float64Array | undefined;
  readonly predictions: WordList | undefined;
  readonly labels: WordList | undefined;
  readonly confidence: NumberColumn | undefined;
}

export interface CollectOptions {
  readonly plan: TablePlan;
  /** As counted in the first pass. */
  readonly rows: number;
  readonly rules: CellRules;
  /** Of the projections. */
  readonly seed: number;
  readonly elementType: NumericUse["elementType"];
  readonly onBytes: (doneBytes: number) => void;
}

/** @throws CliError FILE naming line and column of a value that is not what the plan takes it for */
export async function collectTable(table: Table, options: CollectOptions): Promise<CollectedTable> {
  refuseLarge(table, options);
  const collected = emptyCollected(options);
  const { plan, elementType } = options;
  const collects = plan.uses.map((use) => collectOf(use, collected, elementType));
  let row = 0;
  for await (const batch of table.read(options.onBytes)) {
    if (row + batch.length > options.rows) throw changed(table);
    for (const tableRow of batch) {
      collectRow({ table, options, collected, collects }, tableRow, row);
      row += 1;
    }
  }
  if (row !== options.rows) throw changed(table);
  return collected;
}

interface Collecting {
  readonly table: Table;
  readonly options: CollectOptions;
  readonly collected: CollectedTable;
  readonly collects: readonly (Collect | undefined)[];
}

function collectRow(collecting: Collecting, { at, cells }: TableRow, row: number): void {
  const { table, options, collected, collects } = collecting;
  const read = (column: number): ReadCell => {
    const cell = cells[column];
    return { cell, value: readCell(cell, options.rules) };
  };
  const within = (column: string | undefined, collect: () => void) => {
    try {
      collect();
    } catch (cause) {
      if (!(cause instanceof CellFault)) throw cause;
      throw fileFault({ path: table.path, [table.unit]: at, column }, cause.message, cause);
    }
  };
  for (const [column, collect] of collects.entries()) {
    if (collect !== undefined) within(table.columns[column], () => collect(row, read(column)));
  }
  for (const [embedding, rows] of collected.embeddings) {
    const vector = () => ({ row, reads: embedding.columns.map(read) });
    within(embedding.name, () => collectVector(embedding, rows, vector()));
  }
}

function emptyCollected({ plan, rows, seed }: CollectOptions): CollectedTable {
  const has = (use: string) => plan.uses.some((other) => other.use === use);
  const projectionsOf = ({ projections }: Embedding) =>
    Array.from({ length: projections }, () => emptyNumbers(rows));
  return {
    numbers: new Map(
      plan.uses.flatMap((use) => (use.use === "numeric" ? [[use, emptyNumbers(rows)]] : [])),
    ),
    words: new Map(
      plan.uses.flatMap((use) =>
        use.use === "categorical" ? [[use, createWordList(rows, use.vocabulary)]] : [],
      ),
    ),
    embeddings: new Map(
      plan.embeddings.map((one) => [one, { seed, projections: projectionsOf(one) }]),
    ),
    timesMs: has("time") ? new Float64Array(rows) : undefined,
    predictions: has("prediction") ? createWordList(rows) : undefined,
    labels: has("label") ? createWordList(rows) : undefined,
    confidence: has("confidence") ? emptyNumbers(rows) : undefined,
  };
}

/** What is done with each cell of a column; undefined: nothing. */
function collectOf(
  use: ColumnUse,
  { numbers, words, timesMs, predictions, labels, confidence }: CollectedTable,
  elementType: NumericUse["elementType"],
): Collect | undefined {
  switch (use.use) {
    case "numeric":
      return given(numbers.get(use), (column) => numbersInto(column, use.elementType));
    case "categorical":
      return given(words.get(use), (list) => wordsInto(list, use.elementType));
    case "time":
      return given(timesMs, timesInto);
    case "prediction":
      return given(predictions, classesInto);
    case "label":
      return given(labels, classesInto);
    case "confidence":
      return given(confidence, (column) => confidenceInto(column, elementType));
    case "embedding":
    case "left out":
      return undefined;
  }
}

function given<T>(part: T | undefined, collect: (part: T) => Collect): Collect | undefined {
  return part === undefined ? undefined : collect(part);
}

function refuseLarge({ path }: Table, { plan, rows }: CollectOptions): void {
  const projections = plan.embeddings.reduce((sum, one) => sum + one.projections, 0);
  const columns = plan.uses.filter(({ use }) => use !== "left out" && use !== "embedding").length;
  const values = rows * (columns + projections);
  if (values <= profileLimits.valuesMax) return;
  const expected = `expected at most ${profileLimits.valuesMax} values (rows × columns watched), got ${values}`;
  throw fileFault({ path }, `${expected}: watch fewer columns, or take whole stretches of rows`);
}

function changed({ path }: Table): Error {
  return fileFault({ path }, "expected the same rows in both readings: was it written meanwhile?");
}
