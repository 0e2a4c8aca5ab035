import type { RolloutState } from "@modelfleet/protocol";
import type { RolloutSnapshot } from "../rollout.ts";
import { isPassed } from "./stage-standing.ts";

const offering: ReadonlySet<RolloutState> = new Set<RolloutState>([
  "running",
  "completed",
  "completed-with-failures",
]);

/**
 * The stages whose queued devices may get their orders now; none while the rollout stands. That is the deploying one, and
 * the passed ones before it with what was left of them. While a stage bakes nobody gets an order: what it shows
 * then is the release, not the next devices. After the end those who come back late are served.
 */
export function offeringStages({ rollout, stages }: RolloutSnapshot): readonly number[] {
  if (!offering.has(rollout.state)) return [];
  const current = stages.find((stage) => !isPassed(stage));
  const isBusy = current?.state === "baking" || current?.state === "evaluating";
  if (isBusy && rollout.state === "running") return [];
  const open = stages.filter((stage) => isPassed(stage) || stage.state === "deploying");
  return open.map(({ stage }) => stage);
}
