import type { RolloutSnapshot, RolloutStep } from "../rollout.ts";
import type { Stage } from "../stage.ts";
import { stageFigures } from "./stage-figures.ts";
import { plannedStage, undecidedOf, verdictOf } from "./stage-standing.ts";

type StageStep = Extract<RolloutStep, { readonly do: "stage-to" }>;

/**
 * How the active stage of a running rollout goes on; errors were looked for before. Rules:
 *
 * 1. With its quorum it bakes for as long as the plan says, and is then evaluated. When the quorum is lost meanwhile, it
 *    goes back and gathers it anew.
 * 2. A stage of nobody is passed, and says so.
 * 3. When everything is decided and there is no quorum, it is inconclusive: too few are decided, or all failures
 *    are acknowledged. Completion alone never passes a stage.
 * 4. Evaluation is where metric gates will judge (rollouts.md 5); without them it ends at once. Then a person is asked
 *    where the plan wants that and another stage is to begin, otherwise the stage is passed.
 */
export function planStage(
  snapshot: RolloutSnapshot,
  stage: Stage,
  nowMs: number,
): StageStep | undefined {
  const verdict = verdictOf(snapshot, stage);
  switch (stage.state) {
    case "deploying":
      if (verdict.kind === "empty")
        return stageTo(stage, "passed", "empty: no device of it counts");
      if (verdict.kind === "quorum") return planBaking(snapshot, stage, nowMs);
      return undecidedOf(stage) === 0 ? inconclusive(snapshot, stage) : undefined;
    case "baking":
      if (verdict.kind !== "quorum") return quorumLost(stage);
      return nowMs >= (stage.bakeUntilMs ?? nowMs) ? stageTo(stage, "evaluating", null) : undefined;
    case "evaluating":
      return verdict.kind === "quorum" ? planEvaluated(snapshot, stage) : quorumLost(stage);
    case "pending":
    case "awaiting-review":
    case "inconclusive":
    case "passed":
    case "failed":
    case "promoted":
    case "reverted":
      return undefined;
  }
}

/** Rule 1. */
function planBaking(snapshot: RolloutSnapshot, stage: Stage, nowMs: number): StageStep {
  const { bakeMs } = plannedStage(snapshot, stage);
  const detail = quorumOf(stage);
  if (bakeMs === 0) return stageTo(stage, "evaluating", detail);
  return { ...stageTo(stage, "baking", detail), bakeUntilMs: nowMs + bakeMs };
}

/** Rule 4: the place of the gates. */
function planEvaluated(snapshot: RolloutSnapshot, stage: Stage): StageStep {
  const isLast = stage.stage === snapshot.stages.length - 1;
  const detail = quorumOf(stage);
  if (isLast || !plannedStage(snapshot, stage).review) return stageTo(stage, "passed", detail);
  return stageTo(stage, "awaiting-review", `${detail}; a person is asked before the next stage`);
}

/** Rule 3. */
function inconclusive(snapshot: RolloutSnapshot, stage: Stage): StageStep {
  const { ok, bad, counted, deferred, decided } = stageFigures(stage.counts);
  const { decidedMin, successPercent } = plannedStage(snapshot, stage).thresholds;
  const needed = Math.min(decidedMin, counted + deferred);
  const why =
    decided < needed
      ? `decided are ${decided}, at least ${needed} must be; offline are ${deferred}`
      : `${ok} of ${counted} devices succeeded, which is less than ${successPercent} %; ${bad} failures are acknowledged`;
  return stageTo(stage, "inconclusive", `stage ${stage.stage + 1}: ${why}`);
}

function quorumLost(stage: Stage): StageStep {
  return stageTo(stage, "deploying", `the quorum is lost: ${quorumOf(stage)}`);
}

function quorumOf({ counts }: Stage): string {
  const { ok, counted } = stageFigures(counts);
  return `${ok} of ${counted} devices succeeded`;
}

function stageTo({ stage }: Stage, state: StageStep["state"], detail: string | null): StageStep {
  return { do: "stage-to", stage, state, detail, bakeUntilMs: null };
}
