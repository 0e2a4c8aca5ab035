import type { CellToEvaluate } from "./cell-to-evaluate.ts";
import { distributionVerdicts } from "./distribution/distribution-verdicts.ts";
import { qualityVerdicts } from "./quality/quality-verdicts.ts";
import { rateVerdicts } from "./quality/rate-verdicts.ts";
import type { Verdict } from "./verdict.ts";

/**
 * All that the cell says of itself, cohort after cohort: drift, whether the values can be believed, errors and latency.
 * The same cells give the same verdicts, whenever and however often they are asked. Labels come apart (`accuracyVerdict`).
 */
export function evaluateCell(cell: CellToEvaluate): readonly Verdict[] {
  const { cohorts, profile, policy, cellStartMs } = cell;
  const judged = { startMs: cellStartMs, cellMs: policy.cellMs };
  const others = [...cohorts].flatMap(([cohort, cells]): readonly Verdict[] => {
    const merged = cells.find(({ startMs }) => startMs === cellStartMs)?.merged;
    if (merged === undefined) return [];
    const counted = { cohort, merged, cell: judged };
    return [...qualityVerdicts(profile, counted), ...rateVerdicts(policy, counted)];
  });
  return [...distributionVerdicts(cell), ...others];
}
