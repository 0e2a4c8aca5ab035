import type { RolloutPlan, RolloutPreview } from "@modelfleet/protocol";

export type PlanWarning = RolloutPreview["warnings"][number];

/** What a plan asks for that can never happen, or not as its author may think; each with a JSON pointer into the plan. */
export function planWarnings(plan: RolloutPlan): readonly PlanWarning[] {
  return [...plan.stages.flatMap(stageWarnings), ...timeWarnings(plan), ...planWideWarnings(plan)];
}

function stageWarnings(
  { thresholds, size, review }: RolloutPlan["stages"][number],
  at: number,
  all: RolloutPlan["stages"],
): readonly PlanWarning[] {
  const { errorPercent, successPercent, fastErrorPercent, decidedMin } = thresholds;
  const pointer = `/stages/${at}`;
  const warnings: PlanWarning[] = [];
  if (errorPercent > 100 - successPercent) {
    const detail = `errorPercent ${errorPercent} is never reached: the stage fails as soon as more than ${100 - successPercent} % have failed, for ${successPercent} % must succeed`;
    warnings.push({
      code: "ERROR_PERCENT_UNREACHABLE",
      pointer: `${pointer}/thresholds/errorPercent`,
      detail,
    });
  }
  if (fastErrorPercent !== undefined && fastErrorPercent < errorPercent && decidedMin === 1) {
    const detail = `fastErrorPercent ${fastErrorPercent} with decidedMin 1: the first device alone may halt the stage`;
    warnings.push({
      code: "FAST_ERROR_BY_ONE",
      pointer: `${pointer}/thresholds/decidedMin`,
      detail,
    });
  }
  if ("devices" in size && decidedMin > size.devices) {
    const detail = `decidedMin ${decidedMin} is more than the ${size.devices} devices of the stage: all of them must be decided`;
    warnings.push({
      code: "DECIDED_MIN_ABOVE_SIZE",
      pointer: `${pointer}/thresholds/decidedMin`,
      detail,
    });
  }
  if (review && at === all.length - 1) {
    const detail = "no stage begins after the last one: nobody is asked";
    warnings.push({ code: "REVIEW_OF_LAST", pointer: `${pointer}/review`, detail });
  }
  return warnings;
}

function timeWarnings({ timeouts }: RolloutPlan): readonly PlanWarning[] {
  return (["offerMs", "stepMs"] as const)
    .filter((timeout) => timeouts[timeout] > timeouts.executionMs)
    .map((timeout) => ({
      code: "TIMEOUT_ABOVE_EXECUTION",
      pointer: `/timeouts/${timeout}`,
      detail: `${timeout} ${timeouts[timeout]} ms is cut to executionMs ${timeouts.executionMs} ms`,
    }));
}

function planWideWarnings({ onFallback, watchMs }: RolloutPlan): readonly PlanWarning[] {
  if (onFallback === "alert" || watchMs > 0) return [];
  const detail = `onFallback ${onFallback} without watchMs: nobody looks after the end`;
  return [{ code: "FALLBACK_UNWATCHED", pointer: "/onFallback", detail }];
}
