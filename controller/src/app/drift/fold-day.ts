import { mergeLabels } from "../../domain/telemetry/label-counts.ts";
import { mergeTelemetry } from "../../domain/telemetry/merge-windows.ts";
import type { CellRollup } from "../../ports/drift-store.ts";

/** The cells of one cohort added up; of its devices at least so many were there. */
export function foldDay(cells: readonly CellRollup[]): CellRollup {
  const [first] = cells;
  if (first === undefined) throw new RangeError("expected at least one cell of a day");
  return {
    ...first,
    devices: Math.max(...cells.map(({ devices }) => devices)),
    merged: mergeTelemetry(cells.map(({ merged }) => merged)),
    labels: mergeLabels(cells.flatMap(({ labels }) => labels)),
    verdicts: [],
  };
}
