import { telemetryLimits } from "@modelfleet/protocol";
import type { ColumnScan } from "./column-scan.ts";
import type { ColumnUse, Embedding } from "./column-use.ts";
import { fileFault } from "./file-fault.ts";
import { some } from "./find-embeddings.ts";
import type { ProfileConfig } from "./profile-config.ts";

/** The name of the output's tensor, where nobody says another. */
export const OUTPUT_TENSOR = "y";

export interface OwnColumns {
  readonly path: string;
  readonly columns: readonly string[];
  readonly scans: readonly ColumnScan[];
  readonly embeddings: readonly Embedding[];
}

/**
 * Columns that are no input of their own: times, labels, answers, parts of embeddings. An answer that is a number
 * and no class is a feature, of the output's tensor; labels then say nothing.
 *
 * @throws CliError FILE when there is no such column
 */
export function ownUses(table: OwnColumns, config: ProfileConfig): ReadonlyMap<number, ColumnUse> {
  const uses = new Map<number, ColumnUse>();
  for (const { name, columns } of table.embeddings) {
    for (const column of columns) uses.set(column, { use: "embedding", embedding: name });
  }
  const { timeColumn, predictionColumn, labelColumn, confidenceColumn } = config;
  const set = (name: string | undefined, use: ColumnUse) => {
    if (name !== undefined) uses.set(indexOf(table, name), use);
  };
  set(timeColumn, { use: "time" });
  const isValue = predictionColumn === undefined || isRegression(table, predictionColumn, config);
  if (!isValue) {
    set(predictionColumn, { use: "prediction" });
    set(labelColumn, { use: "label" });
    set(confidenceColumn, { use: "confidence" });
    return uses;
  }
  const why = "there are no predicted classes to hold it against";
  if (predictionColumn !== undefined) set(predictionColumn, regression(predictionColumn, config));
  set(labelColumn, { use: "left out", why });
  set(confidenceColumn, { use: "left out", why });
  return uses;
}

function indexOf({ path, columns }: OwnColumns, name: string): number {
  const index = columns.indexOf(name);
  if (index >= 0) return index;
  throw fileFault({ path }, `expected a column ${name}; there are ${some(columns)}`);
}

function isRegression(table: OwnColumns, name: string, { output }: ProfileConfig): boolean {
  const scan = table.scans[indexOf(table, name)];
  if (scan === undefined || scan.texts > 0 || output?.classes !== undefined) return false;
  return !scan.isWhole || scan.distinct.size > telemetryLimits.classesMax;
}

function regression(name: string, { output, elementType = "float32" }: ProfileConfig): ColumnUse {
  return {
    use: "numeric",
    name: output?.name ?? name,
    source: { tensor: output?.tensor ?? OUTPUT_TENSOR },
    elementType,
  };
}
