import type { RolloutPlan, RolloutPreview } from "@modelfleet/protocol";

export type PlanWarning = RolloutPreview["warnings"][number];

/** What of a plan is allowed and yet hardly meant. What depends on the fleet is for the preview to say. */
export function planWarnings(plan: RolloutPlan): readonly PlanWarning[] {
  return [
    ...plan.stages.flatMap(thresholdWarnings),
    ...reviewWarnings(plan),
    ...watchWarnings(plan),
  ];
}

type Stage = RolloutPlan["stages"][number];

function thresholdWarnings({ thresholds }: Stage, stage: number): readonly PlanWarning[] {
  const { successPercent, errorPercent, fastErrorPercent } = thresholds;
  const spare = 100 - successPercent;
  const warnings: PlanWarning[] = [];
  if (errorPercent > spare) {
    warnings.push({
      code: "ERROR_PERCENT_UNREACHABLE",
      pointer: `/stages/${stage}/thresholds/errorPercent`,
      detail: `${errorPercent} % can never be exceeded: with more than ${spare} % failed, ${successPercent} % success is out of reach and the stage fails for that`,
    });
  }
  if (successPercent === 0) {
    warnings.push({
      code: "SUCCESS_PERCENT_ZERO",
      pointer: `/stages/${stage}/thresholds/successPercent`,
      detail: "the stage passes without one confirmed device",
    });
  }
  if (fastErrorPercent !== undefined && thresholds.decidedMin === 1) {
    warnings.push({
      code: "FAST_ERROR_AT_ONCE",
      pointer: `/stages/${stage}/thresholds/fastErrorPercent`,
      detail: "with decidedMin 1 the first device decides: if it fails, the rollout halts",
    });
  }
  return warnings;
}

function reviewWarnings({ stages }: RolloutPlan): readonly PlanWarning[] {
  const last = stages.length - 1;
  if (stages[last]?.review !== true) return [];
  const detail = "there is no further stage to be reviewed for: a person must end this rollout";
  return [{ code: "REVIEW_AT_END", pointer: `/stages/${last}/review`, detail }];
}

function watchWarnings({ watchMs, onFallback }: RolloutPlan): readonly PlanWarning[] {
  if (watchMs > 0 || onFallback === "alert") return [];
  const detail = `${onFallback} never happens: nothing is watched for after the end (watchMs is 0)`;
  return [{ code: "FALLBACK_UNWATCHED", pointer: "/onFallback", detail }];
}
