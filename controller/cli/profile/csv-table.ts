import { Readable } from "node:stream";
import { profileLimits } from "@modelfleet/protocol";
import { CsvError, type Info, type Parser, parse } from "csv-parse";
import type { CliError } from "../cli-error.ts";
import { columnNames } from "./column-names.ts";
import { fileFault } from "./file-fault.ts";
import type { Table, TableOptions, TableRow } from "./table.ts";
import { textChunks } from "./text-chunks.ts";

const ROWS_AT_ONCE = 512;

/** Comma-separated values (RFC 4180) with a header; every cell is text, an empty one nothing. */
export function csvTable(options: TableOptions): Table {
  const { path, sizeBytes } = options;
  const columns: string[] = [];

  async function* read(onBytes: (doneBytes: number) => void): AsyncGenerator<readonly TableRow[]> {
    const records = recordsOf(options, onBytes);
    const header = await records.next();
    if (header.done === true) throw fileFault({ path }, "expected a header, got an empty file");
    columns.splice(0, columns.length, ...columnNames(path, header.value.record));
    refuseOtherDelimiter(options, columns);
    let rows: TableRow[] = [];
    for await (const { record, info } of records) {
      rows.push({ at: info.lines, cells: record.map((cell) => (cell === "" ? null : cell)) });
      if (rows.length < ROWS_AT_ONCE) continue;
      yield rows;
      rows = [];
    }
    yield rows;
  }

  return { path, sizeBytes, unit: "line", isTyped: false, columns, read };
}

interface CsvRecord {
  readonly record: readonly string[];
  readonly info: Info;
}

async function* recordsOf(
  options: TableOptions,
  onBytes: (doneBytes: number) => void,
): AsyncGenerator<CsvRecord> {
  const parser = parserOf(options);
  const source = Readable.from(textChunks({ ...options, onBytes }));
  source.once("error", (error) => parser.destroy(error));
  try {
    const records: AsyncIterable<CsvRecord> = source.pipe(parser);
    yield* records;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw csvFault(options.path, cause);
  } finally {
    source.destroy();
  }
}

function parserOf({ delimiter }: TableOptions): Parser {
  return parse({
    delimiter,
    info: true,
    record_delimiter: ["\r\n", "\n"],
    skip_empty_lines: true,
    max_record_size: profileLimits.recordBytesMax,
  });
}

function csvFault(path: string, error: CsvError): CliError {
  const line = typeof error["lines"] === "number" ? error["lines"] : undefined;
  return fileFault({ path, line }, reasonOf(error), error);
}

const reasons: { readonly [Code in CsvError["code"]]?: string } = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "expected as many cells as the header has",
  CSV_QUOTE_NOT_CLOSED: "expected this quote to be closed before the file ends",
  CSV_MAX_RECORD_SIZE: `expected records of at most ${profileLimits.recordBytesMax} bytes`,
};

function reasonOf({ code, message }: CsvError): string {
  return `${reasons[code] ?? "expected comma-separated values"}: ${message}`;
}

/** A file of semicolons has one column for whoever expects commas. */
function refuseOtherDelimiter({ path, delimiter }: TableOptions, columns: readonly string[]): void {
  const [only, ...others] = columns;
  const other = [",", ";", "\t", "|"].find((mark) => mark !== delimiter && only?.includes(mark));
  if (others.length > 0 || other === undefined) return;
  const marks = `${JSON.stringify(delimiter)} between the columns, got ${JSON.stringify(other)}`;
  throw fileFault({ path, line: 1 }, `expected ${marks}: say delimiter in the config`);
}
