import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { CliError } from "../cli-error.ts";
import { csvTable } from "./csv-table.ts";
import { fileFault } from "./file-fault.ts";
import { jsonlTable } from "./jsonl-table.ts";
import { parquetTable } from "./parquet-table.ts";
import type { Table, TableOptions } from "./table.ts";

export interface OpenTableOptions {
  readonly delimiter?: string | undefined;
  readonly chunkBytes?: number | undefined;
}

const readers: Readonly<Record<string, (options: TableOptions) => Table>> = {
  ".csv": csvTable,
  ".tsv": (options) => csvTable({ ...options, delimiter: "\t" }),
  ".jsonl": jsonlTable,
  ".ndjson": jsonlTable,
  ".parquet": parquetTable,
};

const CHUNK_BYTES = 256 * 1_024;

/** A file of rows by its ending. @throws CliError USAGE at another ending, FILE when there is no such file */
export async function openTable(path: string, options: OpenTableOptions = {}): Promise<Table> {
  const reader = readers[extname(path).toLowerCase()];
  if (reader === undefined) {
    throw new CliError(
      "USAGE",
      `${path}: expected a file ending in ${Object.keys(readers).join(", ")}`,
    );
  }
  const { delimiter = ",", chunkBytes = CHUNK_BYTES } = options;
  return reader({ path, sizeBytes: await sizeOf(path), delimiter, chunkBytes });
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    if (found.isFile()) return found.size;
  } catch (cause) {
    throw fileFault({ path }, "expected a file there, got none", cause);
  }
  throw fileFault({ path }, "expected a file that can be read twice, got a folder or a pipe");
}
