import type { RolloutPlan } from "@modelfleet/protocol";
import { deviceSubject } from "./device-fields.ts";
import { groupOf } from "./device-group.ts";
import { matchesSelector } from "./matches-selector.ts";
import { inOrder } from "./order-key.ts";
import { parseSelector } from "./parse-selector.ts";
import type { SplitDevice, SplitPlace } from "./split-rollout.ts";

export interface JoinRequest {
  readonly plan: Pick<RolloutPlan, "stages" | "lateJoiners" | "budget">;
  readonly seed: string;
  /** Chosen by the plan, and no part of the rollout yet; also not as a removed one. */
  readonly devices: readonly SplitDevice[];
  /** The stage that is under way; null before the first. */
  readonly stage: number | null;
  /** First position that nobody has. */
  readonly position: number;
}

/**
 * Places of devices that came to be selected after the split: behind everybody, so under the same rate and limits.
 *
 * 1. `none`: no place.
 * 2. `last-stage`: in the last stage, if its filter chooses the device; null until that has begun.
 * 3. `dynamic`: in the stage under way if its filter chooses the device, otherwise as with `last-stage`.
 */
export function joinRollout(request: JoinRequest): readonly SplitPlace[] {
  const { plan, seed, devices, position } = request;
  if (plan.lateJoiners === "none") return [];
  const stageOf = joinedStage(request);
  const seats = inOrder(seed, devices).flatMap((device) => {
    const stage = stageOf(device);
    return stage === undefined ? [] : [{ device, stage }];
  });
  return seats.map(({ device, stage }, index) => ({
    device: device.id,
    position: position + index,
    stage,
    isControl: false,
    group: plan.budget === undefined ? null : groupOf(device, plan.budget.groupBy),
  }));
}

/** undefined: no stage wants it. */
function joinedStage({ plan, stage }: JoinRequest) {
  const last = plan.stages.length - 1;
  const isChosen = (device: SplitDevice, of: number) =>
    matchesSelector(parseSelector(plan.stages[of]?.filter ?? ""), deviceSubject(device));
  return (device: SplitDevice): number | null | undefined => {
    if (stage !== null && plan.lateJoiners === "dynamic" && isChosen(device, stage)) return stage;
    if (!isChosen(device, last)) return undefined;
    return stage === last ? last : null;
  };
}
