import { type FileHandle, open } from "node:fs/promises";
import { profileLimits } from "@modelfleet/protocol";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type RowGroup,
} from "hyparquet";
import { CliError } from "../cli-error.ts";
import { columnNames } from "./column-names.ts";
import { fileFault } from "./file-fault.ts";
import { cellOf } from "./parquet-cell.ts";
import { compressors } from "./parquet-compressors.ts";
import type { Cell, Table, TableOptions, TableRow } from "./table.ts";

const ROWS_AT_ONCE = 512;

/** A Parquet file; one row group, column by column, is in memory at a time. */
export function parquetTable({ path, sizeBytes }: TableOptions): Table {
  const columns: string[] = [];

  async function* read(onBytes: (doneBytes: number) => void): AsyncGenerator<readonly TableRow[]> {
    await using handle = await opened(path);
    const file = bufferOf(handle, sizeBytes);
    const metadata = await asParquet(path, () => parquetMetadataAsync(file, { geoparquet: false }));
    columns.splice(0, columns.length, ...namesIn(path, metadata));
    let [rowStart, doneBytes] = [0, 0];
    for (const group of metadata.row_groups) {
      const rows = rowsIn({ path, rowStart }, group);
      const cells = await asParquet(path, () => readGroup({ file, metadata, rowStart, rows }));
      yield* rowsOf({ path, columns, cells, rowStart, rows });
      rowStart += rows;
      doneBytes += Number(group.total_compressed_size ?? 0);
      onBytes(doneBytes);
    }
  }

  return { path, sizeBytes, unit: "row", isTyped: true, columns, read };
}

/** What is packed small may be large: of a size that is stated, or not read at all. */
function rowsIn({ path, rowStart }: { path: string; rowStart: number }, group: RowGroup): number {
  const { groupBytesMax, rowsMax } = profileLimits;
  const [bytes, rows] = [Number(group.total_byte_size), Number(group.num_rows)];
  if (bytes <= groupBytesMax && rows >= 0 && rows <= rowsMax) return rows;
  const expected = `expected row groups of at most ${rowsMax} rows and ${groupBytesMax} bytes`;
  throw fileFault({ path, row: rowStart + 1 }, `${expected}, got ${rows} and ${bytes}`);
}

interface Group {
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  readonly rowStart: number;
  readonly rows: number;
}

/** Consecutive values of one column. */
interface Run {
  readonly rowStart: number;
  readonly values: ArrayLike<unknown>;
}
type Runs = ReadonlyMap<string, readonly Run[]>;

async function readGroup({ file, metadata, rowStart, rows }: Group): Promise<Runs> {
  const runs = new Map<string, Run[]>();
  await parquetRead({
    file,
    metadata,
    rowStart,
    rowEnd: rowStart + rows,
    compressors,
    geoparquet: false,
    onChunk: ({ columnName, columnData, rowStart: start }) => {
      const known = runs.get(columnName) ?? [];
      runs.set(columnName, [...known, { rowStart: start, values: columnData }]);
    },
  });
  return runs;
}

interface GroupRows {
  readonly path: string;
  readonly columns: readonly string[];
  readonly cells: Runs;
  readonly rowStart: number;
  readonly rows: number;
}

function* rowsOf(group: GroupRows): Generator<readonly TableRow[]> {
  const { path, columns, cells, rowStart } = group;
  const readers = columns.map((column) => readerOf(cells.get(column) ?? []));
  const end = rowStart + group.rows;
  for (let from = rowStart; from < end; from += ROWS_AT_ONCE) {
    const length = Math.min(ROWS_AT_ONCE, end - from);
    yield Array.from({ length }, (_, index): TableRow => {
      const row = from + index;
      const place = (column: string) => ({ path, row: row + 1, column });
      const cellAt = (column: string, at: number): Cell =>
        cellOf(readers[at]?.(row), () => place(column));
      return { at: row + 1, cells: columns.map(cellAt) };
    });
  }
}

/** The value of a row; rows are asked for in rising order. */
function readerOf(runs: readonly Run[]): (row: number) => unknown {
  let at = 0;
  return (row) => {
    for (let run = runs[at]; run !== undefined; run = runs[++at]) {
      if (row < run.rowStart + run.values.length) return run.values[row - run.rowStart];
    }
    return undefined;
  };
}

function namesIn(path: string, metadata: FileMetaData): readonly string[] {
  return columnNames(
    path,
    parquetSchema(metadata).children.map(({ element }) => element.name),
  );
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (cause) {
    throw fileFault({ path }, `cannot be read: ${String(cause)}`, cause);
  }
}

function bufferOf(handle: FileHandle, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    slice: async (start, end = byteLength) => {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, byteLength) - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer.slice(0, bytesRead);
    },
  };
}

/** The library throws errors of many kinds at bytes that are no Parquet. */
async function asParquet<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw fileFault({ path }, `expected a Parquet file that is whole: ${why}`, cause);
  }
}
