import { driftLimits, driftPipelineLimits } from "@modelfleet/protocol";
import type { CohortCell } from "../../domain/drift/cohort-cell.ts";
import type { CohortKey } from "../../domain/drift/cohort-key.ts";
import type { LabelCounts } from "../../domain/telemetry/label-counts.ts";
import type { MergedTelemetry } from "../../domain/telemetry/merged-telemetry.ts";
import type { CellRollup, DirtyCell } from "../../ports/drift-store.ts";
import type { FoldPorts } from "./fold-cell.ts";

/** A cell of one cohort, and the labels that came in it. */
export interface LookedBackCell extends CohortCell {
  readonly labels: readonly LabelCounts[];
}

/** Cells of each cohort, newest first: the judged one, and those before it that it may be merged with. */
export async function lookBack(
  { drift, breathe }: FoldPorts,
  cell: DirtyCell,
  rollups: readonly CellRollup[],
): Promise<ReadonlyMap<CohortKey, readonly LookedBackCell[]>> {
  const cohorts = new Map<CohortKey, readonly LookedBackCell[]>();
  const span = {
    releasePrefix: cell.releasePrefix,
    fromMs: cell.startMs + cell.lengthMs - reachMs(cell.lengthMs),
    untilMs: cell.startMs,
    count: driftPipelineLimits.cellsMergedMax,
  };
  for (const { cohort, startMs, merged, labels } of rollups) {
    // Unpacking a day of one cohort takes milliseconds, and there may be hundreds of cohorts.
    await breathe();
    const before = await drift.rollupsOf({ ...span, cohort });
    const past = before.map((past) => ({ ...past, merged: slim(past.merged) }));
    cohorts.set(cohort, [{ startMs, merged, labels }, ...past]);
  }
  return cohorts;
}

/** A whole day where its cells are not too many, else the last of them: then no season of a day is looked for. */
function reachMs(lengthMs: number): number {
  const { cellsMergedMax, shortCellsMergedMax } = driftPipelineLimits;
  const isWholeDay = driftLimits.mergeMsMax / lengthMs <= cellsMergedMax;
  return isWholeDay ? driftLimits.mergeMsMax : shortCellsMergedMax * lengthMs;
}

/** Its counts alone: many of these are in memory at a time. */
function slim(merged: MergedTelemetry): MergedTelemetry {
  return {
    ...merged,
    errors: [],
    latency: { ...merged.latency, counts: [], zeroCount: 0 },
    features: merged.features.map((sketch) => ({ ...sketch, sum: [], sumOfSquares: [] })),
    categories: merged.categories.map((sketch) => ({ ...sketch, distinctOther: [] })),
  };
}
