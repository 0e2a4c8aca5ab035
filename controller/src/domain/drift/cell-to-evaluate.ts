import type { ReferenceProfile } from "@modelfleet/protocol";
import type { CohortCell } from "./cohort-cell.ts";
import type { CohortKey } from "./cohort-key.ts";
import type { EvaluationPolicy } from "./evaluation-policy.ts";

/** One cell of the grid of one release, with what the evaluation looks back on. */
export interface CellToEvaluate {
  readonly profile: ReferenceProfile;
  /** Cells of each cohort, newest first, back to `driftLimits.mergeMsMax` before the end of the judged one. */
  readonly cohorts: ReadonlyMap<CohortKey, readonly CohortCell[]>;
  readonly cellStartMs: number;
  readonly policy: EvaluationPolicy;
}
