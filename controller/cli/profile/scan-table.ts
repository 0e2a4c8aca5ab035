import { profileLimits } from "@modelfleet/protocol";
import { type ColumnScan, emptyScan, scanCell } from "./column-scan.ts";
import { fileFault } from "./file-fault.ts";
import { type CellRules, readCell } from "./read-cell.ts";
import type { Table } from "./table.ts";

/** What a whole file of rows holds, found in one pass. */
export interface TableScan {
  readonly rows: number;
  /** One a column, in their order. */
  readonly scans: readonly ColumnScan[];
}

/** @throws CliError FILE when there is no row, there are too many, or one cannot be read */
export async function scanTable(
  table: Table,
  rules: CellRules,
  onBytes: (doneBytes: number) => void,
): Promise<TableScan> {
  const scans: ColumnScan[] = [];
  let rows = 0;
  for await (const batch of table.read(onBytes)) {
    while (scans.length < table.columns.length) scans.push(emptyScan());
    for (const { at, cells } of batch) {
      for (const [index, scan] of scans.entries())
        scanCell(scan, readCell(cells[index], rules), at);
    }
    rows += batch.length;
    refuseTooMany(table, rows);
  }
  if (rows === 0) throw fileFault({ path: table.path }, "expected at least one row, got none");
  return { rows, scans };
}

function refuseTooMany({ path }: Table, rows: number): void {
  if (rows <= profileLimits.rowsMax) return;
  const way = "take whole stretches of it, a day of each week, say";
  throw fileFault({ path }, `expected at most ${profileLimits.rowsMax} rows, got more: ${way}`);
}
