import type { Selectable } from "kysely";
import type { CohortKey } from "../../../domain/drift/cohort-key.ts";
import type { Verdict } from "../../../domain/drift/verdict.ts";
import type { LabelCounts } from "../../../domain/telemetry/label-counts.ts";
import type { MergedTelemetry } from "../../../domain/telemetry/merged-telemetry.ts";
import type { CellRollup } from "../../../ports/drift-store.ts";
import type { DriftRollupsTable } from "./drift-tables.ts";
import { packed, unpacked } from "./packed.ts";

export function rollupRow(
  release8: string,
  span: DriftRollupsTable["span"],
  { cohort, startMs, lengthMs, devices, merged, labels, verdicts }: CellRollup,
): DriftRollupsTable {
  return {
    ...{ release8, span, cohort, devices },
    start_ms: startMs,
    length_ms: lengthMs,
    sums: packed(merged),
    labels: JSON.stringify(labels),
    verdicts: verdicts.length === 0 ? null : packed(verdicts),
  };
}

export function rollupOf(row: Selectable<DriftRollupsTable>): CellRollup {
  return {
    cohort: row.cohort as CohortKey,
    startMs: row.start_ms,
    lengthMs: row.length_ms,
    devices: row.devices,
    merged: unpacked(row.sums) as MergedTelemetry,
    labels: JSON.parse(row.labels) as readonly LabelCounts[],
    verdicts: row.verdicts === null ? [] : (unpacked(row.verdicts) as readonly Verdict[]),
  };
}
