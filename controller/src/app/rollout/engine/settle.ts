import { rolloutLimits } from "@modelfleet/protocol";
import { hasActivated, isCancelable } from "../../../domain/rollout/machine/execution-states.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { DesiredEntry, DeviceRecord } from "../../../ports/fleet-store.ts";
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
 * 5. The way back waits for no window.
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
    const at = { rollout: snapshot.rollout, stored };
    const why = { code: "ABORTED", detail: snapshot.rollout.detail } as const;
    const change = await settleOne(ports, at, why);
    if (change !== undefined) changes.push(change);
  }
  return (await storeChanges(ports, snapshot.rollout, changes)) > 0;
}

/** Who calls a device off, and why. */
interface CallOff {
  readonly code: "ABORTED" | "EXCLUDED";
  readonly detail: string | null;
  readonly actor?: string;
}

/** @returns undefined when there is nothing left of it to settle */
export async function settleOne(
  ports: RolloutPorts,
  { rollout, stored }: { readonly rollout: RolloutRecord; readonly stored: StoredExecution },
  { code, detail, ...by }: CallOff,
): Promise<StoredChange | undefined> {
  const moment = { rollout, nowMs: ports.clock.nowMs(), ...by };
  const { state } = stored.execution;
  if (code === "EXCLUDED" && !isCancelable(state)) return undefined;
  const device = await ports.fleet.device(stored.device);
  const isOurs = device !== undefined && isToldByUs(device, stored);
  const isKept = hasActivated(state) && stored.previous === null;
  const entry = atOnce(stored.previous);
  const assignment =
    isOurs && !isKept
      ? await orderDevice(ports, device, { slot: rollout.plan.slot, entry })
      : undefined;
  const sent = assignment === undefined ? {} : { assignment };
  const event = isCancelable(state)
    ? ({ kind: "cancel", code, detail } as const)
    : ({ kind: "revert", seq: assignment?.seq ?? null } as const);
  return changeExecution(stored, event, { ...moment, ...sent });
}

/** Rule 5. */
function atOnce(previous: DesiredEntry | null): DesiredEntry | null {
  if (previous === null) return null;
  const { windows: _, ...entry } = previous;
  return entry;
}

/** Rule 3. */
function isToldByUs({ desired }: DeviceRecord, { rollout, slot }: StoredExecution): boolean {
  return desired.slots.some((entry) => entry.slot === slot && entry.deployment === rollout);
}
