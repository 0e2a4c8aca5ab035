/** What devices of a rig do, some of a stage at once. */
import type { ExecutionState } from "@modelfleet/protocol";
import { item, report } from "./execution-facts.ts";
import type { RigDevice } from "./rig-device.ts";
import { type RigPlan, say } from "./rollout-facts.ts";
import { type RigWatch, RolloutRig } from "./rollout-rig.ts";

interface Some {
  readonly stage: number;
  readonly count: number;
  /** Only those in this state. */
  readonly of?: ExecutionState;
  /** Not those before this one. */
  readonly from?: number;
}

/** A rollout that was started. */
export function begun(plan: RigPlan, watch: RigWatch = {}): RolloutRig {
  const rig = new RolloutRig(plan, watch);
  rig.say(say.start);
  return rig;
}

/** So many devices of the stage confirm their order. @throws RangeError when there are fewer */
export function confirm(rig: RolloutRig, { stage, count, of = "offered", from = 0 }: Some): void {
  for (const device of chosen(rig, { stage, count, of, from })) rig.obey(device);
}

/** So many devices refuse the release for good, or go back from it. @throws RangeError when there are fewer */
export function refuse(rig: RolloutRig, { stage, count, of = "offered", from = 0 }: Some): void {
  for (const device of chosen(rig, { stage, count, of, from })) {
    const told =
      of === "succeeded"
        ? item("rolled-back", { code: "ROLLED_BACK" })
        : item("refused", { code: "GOLDEN_MISMATCH" });
    rig.happen(device, report(device.execution.seq ?? 0, [told]));
  }
  rig.settle();
}

/** How many devices of a stage are told to run the release. */
export function told(rig: RolloutRig, stage: number): number {
  return rig.devices.filter((device) => device.stage === stage && device.isTold).length;
}

function chosen(rig: RolloutRig, { stage, count, of, from }: Required<Some>): readonly RigDevice[] {
  const able = rig.devices.filter(
    (device) => device.stage === stage && device.execution.state === of,
  );
  if (able.length < from + count) {
    throw new RangeError(`expected ${count} devices that are ${of}, got ${able.length - from}`);
  }
  return able.slice(from, from + count);
}
