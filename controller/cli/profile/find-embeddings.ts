import { profileLimits } from "@modelfleet/protocol";
import type { ColumnScan } from "./column-scan.ts";
import type { Embedding } from "./column-use.ts";
import { fileFault } from "./file-fault.ts";
import type { EmbeddingConfig, ProfileConfig } from "./profile-config.ts";

const PROJECTIONS = 8;

export interface EmbeddingColumns {
  readonly path: string;
  readonly columns: readonly string[];
  readonly scans: readonly ColumnScan[];
}

/**
 * The embeddings that a config names: a column of lists of that name, or columns `name_0`, `name_1`, … (also `name.0`,
 * `name0`), which follow the numbers and not the file.
 *
 * @throws CliError FILE when there is no such column, or lists differ in length
 */
export function findEmbeddings(
  table: EmbeddingColumns,
  config: ProfileConfig,
): readonly Embedding[] {
  return Object.entries(config.embeddings ?? {}).map(([name, embedding]) => {
    const common = commonOf(name, embedding, config);
    const list = table.columns.indexOf(name);
    if (list >= 0) return { ...common, columns: [list], length: listLength(table, list) };
    const columns = numbered(table.columns, name);
    if (columns.length > 1) return { ...common, columns, length: columns.length };
    const expected = `expected a column ${name} of lists, or columns ${name}_0, ${name}_1, …`;
    throw fileFault({ path: table.path }, `${expected}; there are ${some(table.columns)}`);
  });
}

function commonOf(name: string, embedding: EmbeddingConfig, config: ProfileConfig) {
  return {
    name,
    tensor: embedding.tensor ?? name,
    projections: embedding.projections ?? PROJECTIONS,
    elementType: embedding.elementType ?? config.elementType ?? "float32",
  };
}

function listLength({ path, columns, scans }: EmbeddingColumns, index: number): number {
  const scan = scans[index];
  const where = { path, column: columns[index] };
  if (scan === undefined || scan.lists === 0 || scan.lists < scan.filled) {
    throw fileFault(where, "expected a list of numbers in each row that has any");
  }
  const length = scan.listLength;
  if (length !== null && length > 0 && length <= profileLimits.listLengthMax) return length;
  const expected = `expected lists of one length, 1 to ${profileLimits.listLengthMax}`;
  throw fileFault(where, `${expected}, got ${length ?? "lists of several lengths"}`);
}

function numbered(columns: readonly string[], name: string): number[] {
  const found = columns.flatMap((column, index) => {
    const rest = column.startsWith(name) ? column.slice(name.length) : "";
    const number = /^[_.]?(\d{1,5})$/.exec(rest)?.[1];
    return number === undefined ? [] : [{ index, element: Number(number) }];
  });
  return found.sort((left, right) => left.element - right.element).map(({ index }) => index);
}

/** Names for a message. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(", ");
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}
