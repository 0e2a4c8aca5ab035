import { driftLimits, type ReferenceProfile } from "@modelfleet/protocol";
import type { MergedTelemetry } from "../../telemetry/merged-telemetry.ts";
import type { CohortKey } from "../cohort-key.ts";
import type { JudgedCell } from "../distribution/forward-merge.ts";
import type { QualityVerdict, VerdictStatus } from "../verdict.ts";
import { type FaultSearch, findFault } from "./find-fault.ts";

/** Whether the values of each feature of one cohort can be believed; of the judged cell alone. */
export function qualityVerdicts(
  profile: ReferenceProfile,
  { cohort, merged, cell }: QualityCell,
): readonly QualityVerdict[] {
  return profile.features.flatMap((feature, index) => {
    const sketch = merged.features[index];
    if (sketch === undefined) return [];
    const search = findFault(feature, sketch, merged.noisedWindows === 0);
    return [
      {
        kind: "quality",
        signal: `quality:${feature.name}`,
        ...{ cohort, cellStartMs: cell.startMs, fromMs: cell.startMs },
        untilMs: cell.startMs + cell.cellMs,
        status: statusOf(search),
        isConclusive: false,
        ...search,
      },
    ];
  });
}

/** One cohort's cell. */
export interface QualityCell {
  readonly cohort: CohortKey;
  readonly merged: MergedTelemetry;
  readonly cell: JudgedCell;
}

function statusOf({ items, finding }: FaultSearch): VerdictStatus {
  if (items < driftLimits.qualitySamplesMin) return "INSUFFICIENT_DATA";
  return finding === null ? "OK" : "BREACH";
}
