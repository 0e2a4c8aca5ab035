import type { RolloutSnapshot } from "../rollout.ts";
import type { Stage } from "../stage.ts";
import { plannedStage } from "./stage-standing.ts";

/** A rollout that stood still goes on: nobody is out of time for what the pause took. */
export function giveTime(snapshot: RolloutSnapshot, nowMs: number): RolloutSnapshot {
  const stages = snapshot.stages.map((stage) => withTime(snapshot, stage, nowMs));
  return { ...snapshot, stages };
}

/** Whose deadline is behind it has none, unless it has to go on. */
function withTime(snapshot: RolloutSnapshot, stage: Stage, nowMs: number): Stage {
  const { startedAtMs, deadlineAtMs, state } = stage;
  const goesOn = state === "failed" || state === "inconclusive";
  if (startedAtMs === null || (deadlineAtMs === null && !goesOn)) return stage;
  const anewMs = nowMs + plannedStage(snapshot, stage).deadlineMs;
  return { ...stage, deadlineAtMs: Math.max(anewMs, deadlineAtMs ?? 0) };
}
