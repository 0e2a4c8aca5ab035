import { type RolloutPlan, type RolloutPreview, rolloutLimits } from "@modelfleet/protocol";
import { RolloutError } from "../../domain/errors.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

export interface ConflictQuestion {
  readonly plan: RolloutPlan;
  readonly devices: readonly DeviceRecord[];
  /** The rollout that asks; null: it is not stored yet. */
  readonly except: string | null;
}

type Conflicts = RolloutPreview["conflicts"];

/** Open rollouts on the same slot of the same devices; a higher priority takes the devices from them. */
export async function openConflicts(
  { rollouts, breathe }: Pick<RolloutPorts, "rollouts" | "breathe">,
  { plan, devices, except }: ConflictQuestion,
): Promise<Conflicts> {
  const counts = new Map<string, number>();
  for (let from = 0; from < devices.length; from += rolloutLimits.splitPerCommitMax) {
    const names = devices.slice(from, from + rolloutLimits.splitPerCommitMax).map(({ id }) => id);
    for (const [rollout, on] of await rollouts.conflicts(plan.slot, names, except)) {
      counts.set(rollout, (counts.get(rollout) ?? 0) + on.length);
    }
    await breathe();
  }
  const conflicts: Conflicts = [];
  for (const [rollout, count] of counts) {
    const priority = (await rollouts.byId(rollout))?.rollout.plan.priority ?? 0;
    conflicts.push({ rollout, priority, isPreempted: plan.priority > priority, devices: count });
  }
  return conflicts;
}

/** @throws RolloutError CONFLICT where one of them is not of a lower priority */
export async function rolloutConflicts(
  ports: Pick<RolloutPorts, "rollouts" | "breathe">,
  question: ConflictQuestion,
): Promise<void> {
  const inTheWay = (await openConflicts(ports, question)).find(({ isPreempted }) => !isPreempted);
  if (inTheWay === undefined) return;
  const { rollout, devices, priority } = inTheWay;
  throw new RolloutError(
    "CONFLICT",
    `expected devices whose slot ${question.plan.slot} no other rollout has, got ${devices} of rollout ${rollout} (priority ${priority}): wait for it, abort it, or give this plan a higher priority`,
  );
}
