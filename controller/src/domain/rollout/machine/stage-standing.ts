import type { PlanStage, StageState } from "@modelfleet/protocol";
import type { RolloutSnapshot } from "../rollout.ts";
import type { Stage, StageVerdict } from "../stage.ts";
import { judgeStage } from "./judge-stage.ts";
import { stageFigures } from "./stage-figures.ts";

const active: ReadonlySet<StageState> = new Set<StageState>([
  "deploying",
  "baking",
  "evaluating",
  "awaiting-review",
  "inconclusive",
]);

/** A stage is passed when the next one may begin: by its quorum, or by a person's word. */
export function isPassed({ state }: Stage): boolean {
  return state === "passed" || state === "promoted";
}

/** Of all stages at most one is active. */
export function isActive({ state }: Stage): boolean {
  return active.has(state);
}

/** It has devices that were, or may have been, given the release, and they were not sent back. */
export function isSendable({ state }: Stage): boolean {
  return state !== "pending" && state !== "reverted";
}

/** How the plan describes it. @throws RangeError when the plan has no such stage: a defect of ours */
export function plannedStage({ rollout }: RolloutSnapshot, { stage }: Stage): PlanStage {
  const planned = rollout.plan.stages[stage];
  if (planned !== undefined) return planned;
  throw new RangeError(`expected a stage of ${rollout.plan.stages.length}, got number ${stage}`);
}

/** A person who promoted a stage did without its quorum; the errors that come later still count. */
export function verdictOf(snapshot: RolloutSnapshot, stage: Stage): StageVerdict {
  const planned = plannedStage(snapshot, stage).thresholds;
  const thresholds = stage.state === "promoted" ? { ...planned, successPercent: 0 } : planned;
  return judgeStage({
    figures: stageFigures(stage.counts),
    thresholds,
    acknowledged: stage.acknowledged,
  });
}

/** Devices of the stage that count and are neither ok nor bad yet. */
export function undecidedOf({ counts }: Stage): number {
  const { counted, decided } = stageFigures(counts);
  return counted - decided;
}

/** Counted failures of the stage are acknowledged by a person: only further ones trip again. */
export function acknowledged(stage: Stage): Stage {
  return { ...stage, acknowledged: stageFigures(stage.counts).bad };
}
