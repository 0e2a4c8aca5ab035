import type { Rollout, RolloutStage } from "@modelfleet/protocol";
import { stageFigures } from "../../domain/rollout/machine/stage-figures.ts";
import type { RolloutSnapshot } from "../../domain/rollout/rollout.ts";
import type { Stage } from "../../domain/rollout/stage.ts";

/** A rollout as operators see it: its plan, its stages and how many devices are where. */
export function rolloutView({ rollout, stages }: RolloutSnapshot): Rollout {
  const { scope: _scope, ...shown } = rollout;
  return {
    ...shown,
    slot: rollout.plan.slot,
    stages: stages.map((stage) => stageView(stage, rollout.plan.stages[stage.stage]?.name ?? null)),
  };
}

function stageView(stage: Stage, name: string | null): RolloutStage {
  const { counted, ok, bad } = stageFigures(stage.counts);
  const { tally } = stage.counts;
  return {
    stage: stage.stage,
    name,
    state: stage.state,
    size: Object.values(tally).reduce((sum, count) => sum + count, 0),
    counted,
    ok,
    bad,
    acknowledged: stage.acknowledged,
    funnel: Object.fromEntries(Object.entries(tally).filter(([, count]) => count > 0)),
    startedAtMs: stage.startedAtMs,
    deadlineAtMs: stage.deadlineAtMs,
    bakeUntilMs: stage.bakeUntilMs,
    detail: stage.detail,
  };
}
