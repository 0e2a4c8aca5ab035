import { rolloutLimits } from "@modelfleet/protocol";
import { hasActivated, isCancelable } from "../../../domain/rollout/machine/execution-states.ts";
import type { RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { DeviceRecord } from "../../../ports/fleet-store.ts";
import type { SettleQuery, StoredChange, StoredExecution } from "../../../ports/rollout-store.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { changeExecution } from "./change-execution.ts";
import { orderDevice } from "./order-device.ts";
import { storeChanges } from "./store-changes.ts";

/**
 * The emergency lane: takes a rollout back, without rate, budget or gate. Rules:
 *
 * 1. Who has not begun to serve the release is canceled. Where an order is out, the device gets one for what it ran
 *    before: one that has begun meanwhile goes back by it.
 * 2. Who serves it keeps it, or is sent back to what *it* ran before. That lies on the device: nothing is fetched.
 * 3. A device that is meanwhile told to run something else by somebody else is let be.
 * 4. A device with nothing to go back to keeps what it has: it is never left without a model.
 *
 * @returns whether there may be more of them
 */
export async function settle(
  ports: RolloutPorts,
  snapshot: RolloutSnapshot,
  { stages, devices }: Omit<SettleQuery, "count">,
): Promise<boolean> {
  const { id } = snapshot.rollout;
  const count = rolloutLimits.revertsPerCommitMax;
  const found = await ports.rollouts.toSettle(id, { stages, devices, count });
  const changes: StoredChange[] = [];
  for (const stored of found) {
    const change = await settleOne(ports, snapshot, stored);
    if (change !== undefined) changes.push(change);
  }
  return (await storeChanges(ports, snapshot.rollout, changes)) > 0;
}

async function settleOne(
  ports: RolloutPorts,
  { rollout }: RolloutSnapshot,
  stored: StoredExecution,
): Promise<StoredChange | undefined> {
  const nowMs = ports.clock.nowMs();
  const moment = { rollout, nowMs };
  const device = await ports.fleet.device(stored.device);
  const isOurs = device !== undefined && isToldByUs(device, stored);
  const { state } = stored.execution;
  const isKept = hasActivated(state) && stored.previous === null;
  const entry = stored.previous;
  const assignment =
    isOurs && !isKept
      ? await orderDevice(ports, device, { slot: rollout.plan.slot, entry })
      : undefined;
  const sent = assignment === undefined ? {} : { assignment, detail: { seq: assignment.seq } };
  const event = isCancelable(state)
    ? ({ kind: "cancel", code: "ABORTED", detail: rollout.detail } as const)
    : ({ kind: "revert", seq: assignment?.seq ?? null } as const);
  return changeExecution(stored, event, { ...moment, ...sent });
}

/** Rule 3. */
function isToldByUs({ desired }: DeviceRecord, { rollout, slot }: StoredExecution): boolean {
  return desired.slots.some((entry) => entry.slot === slot && entry.deployment === rollout);
}
