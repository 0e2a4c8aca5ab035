/** What a place in a file of rows may hold; null and undefined: nothing. */
export type Cell =
  | string
  | number
  | bigint
  | boolean
  | Date
  | readonly unknown[]
  | null
  | undefined;

export interface TableRow {
  /** Line of a text, else number of the row; from 1. */
  readonly at: number;
  /** One a column, in the order of `Table.columns`; what is missing at the end is left out. */
  readonly cells: readonly Cell[];
}

/** A file of rows. */
export interface Table {
  readonly path: string;
  readonly sizeBytes: number;
  /** What `TableRow.at` counts. */
  readonly unit: "line" | "row";
  /** Whether a text is one, and not a number written down. */
  readonly isTyped: boolean;
  /** Names of what was read so far, all once every row was read. */
  readonly columns: readonly string[];
  /** Reads from the start, some rows at a time. @throws CliError FILE naming line and column of what is wrong */
  readonly read: (onBytes: (doneBytes: number) => void) => AsyncGenerator<readonly TableRow[]>;
}

export interface TableOptions {
  readonly path: string;
  readonly sizeBytes: number;
  /** Between the cells of a CSV file. */
  readonly delimiter: string;
  /** How much of the file is read at once. */
  readonly chunkBytes: number;
}
