import { assessDevice } from "../../../domain/deployment/assess-device.ts";
import { matchesLabels } from "../../../domain/fleet/matches-labels.ts";
import type { Execution } from "../../../domain/rollout/execution.ts";
import { advanceExecution } from "../../../domain/rollout/machine/advance-execution.ts";
import { freshExecution } from "../../../domain/rollout/machine/fresh-execution.ts";
import type { RolloutRecord } from "../../../domain/rollout/rollout.ts";
import { isPinned } from "../../../domain/rollout/selection/is-pinned.ts";
import type { SplitDevice, SplitPlace } from "../../../domain/rollout/selection/split-rollout.ts";
import type { DeviceRecord } from "../../../ports/fleet-store.ts";
import type { ReleaseRecord } from "../../../ports/release-store.ts";
import type { NewExecution } from "../../../ports/rollout-store.ts";
import { everyDevice } from "../every-device.ts";
import type { RolloutPorts } from "../rollout-ports.ts";

/** A device the plan chooses, and why nothing is offered to it; null: it is. */
export interface TargetDevice extends SplitDevice {
  readonly skip: Skip | null;
}

type Reasons = ReturnType<typeof assessDevice>;
interface Skip {
  readonly code: "INCOMPATIBLE" | "PINNED";
  readonly reasons: Reasons;
}

/** Every device the plan chooses now: a member of the fleet, within the rollout's scope. */
export async function targetDevices(
  ports: Pick<RolloutPorts, "breathe" | "catalog" | "fleet">,
  { plan, scope }: Pick<RolloutRecord, "plan" | "scope">,
  release: ReleaseRecord,
): Promise<readonly TargetDevice[]> {
  const devices = await everyDevice(ports, plan.select);
  return devices
    .filter(({ labels }) => matchesLabels(labels, scope))
    .map((device) => targetOf(ports, device, release));
}

function targetOf(
  { catalog }: Pick<RolloutPorts, "catalog">,
  device: DeviceRecord,
  release: ReleaseRecord,
): TargetDevice {
  const skip = skipOf(isPinned(device.labels), assessDevice(catalog, device, release));
  const { id, class: deviceClass, labels, online, agentVersion, facts, slots } = device;
  const known = { id, class: deviceClass, labels, online, agentVersion, facts, slots };
  return { ...known, isExempt: skip !== null, skip };
}

function skipOf(isPinned: boolean, reasons: Reasons): Skip | null {
  if (isPinned) return { code: "PINNED", reasons: [] };
  return reasons.length === 0 ? null : { code: "INCOMPATIBLE", reasons };
}

/** The execution of a place at its beginning. */
export function newExecution(
  rollout: RolloutRecord,
  place: SplitPlace,
  { skip, nowMs }: { readonly skip: Skip | null; readonly nowMs: number },
): NewExecution {
  return { ...place, reasons: skip?.reasons ?? [], execution: begun(rollout, skip, nowMs) };
}

function begun({ release, plan }: RolloutRecord, skip: Skip | null, nowMs: number): Execution {
  const fresh = freshExecution(nowMs);
  if (skip === null) return fresh;
  const policy = { release, timeouts: plan.timeouts, retries: plan.retries };
  const [reason] = skip.reasons;
  const detail = reason && `${reason.code}: needs ${reason.need}, has ${reason.have}`;
  const event = { kind: "skip", code: skip.code, detail: detail ?? null } as const;
  return advanceExecution(fresh, event, { policy, nowMs, chance: 0 }).next;
}
