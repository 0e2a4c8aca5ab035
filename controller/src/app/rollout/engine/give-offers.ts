import { type DeviceId, rolloutLimits } from "@modelfleet/protocol";
import { assessDevice } from "../../../domain/deployment/assess-device.ts";
import { offeringStages } from "../../../domain/rollout/machine/offering-stages.ts";
import {
  chooseOffers,
  type OfferCandidate,
  type OfferRequest,
} from "../../../domain/rollout/pacing/choose-offers.ts";
import { boxedUntilMs, penaltyMemoryMs } from "../../../domain/rollout/pacing/penalty-box.ts";
import { rateTokens } from "../../../domain/rollout/pacing/rate-tokens.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { DeviceRecord } from "../../../ports/fleet-store.ts";
import type { ReleaseRecord } from "../../../ports/release-store.ts";
import type { StoredChange, StoredExecution } from "../../../ports/rollout-store.ts";
import { knownRelease } from "../../release/known-release.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { changeExecution } from "./change-execution.ts";
import { isOneSlotTooMany, orderDevice, rolloutEntryOf } from "./order-device.ts";
import { storeChanges } from "./store-changes.ts";

/** Looked at in one round, so that a budget that holds some back does not hold up those behind them. */
const CANDIDATES_MAX = 4 * rolloutLimits.offersPerCommitMax;

/**
 * Gives the next devices their orders. Rules:
 *
 * 1. Only of the stages whose turn it is (`offeringStages`).
 * 2. Rate, number under way, budgets and the penalty box decide who is next (`chooseOffers`).
 * 3. A device is assessed again: what it says of itself may have changed since the split.
 * 4. The orders of one round are stored under the rollout's version: after a halt none is.
 *
 * @returns whether another round may find somebody
 */
export async function giveOffers(
  ports: RolloutPorts,
  snapshot: RolloutSnapshot,
  nowMs: number,
): Promise<boolean> {
  const { rollout } = snapshot;
  const stages = offeringStages(snapshot);
  if (!stages.some((stage) => (snapshot.stages[stage]?.counts.tally.queued ?? 0) > 0)) return false;
  const room = await roomFor(ports, rollout, nowMs);
  if (room.tokens <= 0 || room.inFlight >= rollout.plan.inFlightMax) return false;
  const waiting = await candidatesOf(ports, rollout.id, { stages, nowMs });
  if (waiting.length === 0) return false;
  const { offers } = chooseOffers({ ...(await limitsOf(ports, rollout, waiting, nowMs)), ...room });
  const next = new Set(offers.slice(0, rolloutLimits.offersPerCommitMax));
  const chosen = waiting.filter(({ device }) => next.has(device));
  const changes = await ordersFor(ports, rollout, chosen, nowMs);
  return (await storeChanges(ports, rollout, changes)) > 0;
}

/** How many orders the plan's pace leaves room for now, and what its rate was reckoned from. */
export async function roomFor(
  { rollouts }: Pick<RolloutPorts, "rollouts">,
  { id, plan }: RolloutRecord,
  nowMs: number,
) {
  const since = {
    nowMs,
    minuteMs: nowMs - rolloutLimits.rateSpanMs,
    shareMs: nowMs - rolloutLimits.rateShareMs,
  };
  const facts = plan.rate === undefined ? undefined : await rollouts.rateFacts(id, since);
  return {
    tokens: facts === undefined ? rolloutLimits.inFlightMax : rateTokens(plan.rate, facts),
    inFlight: await rollouts.inFlight(id),
    facts,
  };
}

/** The earliest stage first: who came back late is not left to the end. */
async function candidatesOf(
  { rollouts }: RolloutPorts,
  id: string,
  { stages, nowMs }: { readonly stages: readonly number[]; readonly nowMs: number },
): Promise<readonly StoredExecution[]> {
  const found: StoredExecution[] = [];
  for (const stage of stages) {
    const count = CANDIDATES_MAX - found.length;
    if (count <= 0) break;
    found.push(...(await rollouts.queued(id, stage, { after: -1, count, nowMs })));
  }
  return found;
}

async function limitsOf(
  { rollouts }: RolloutPorts,
  { plan }: RolloutRecord,
  waiting: readonly StoredExecution[],
  nowMs: number,
): Promise<Omit<OfferRequest, "tokens" | "inFlight">> {
  const { budget, penalty, inFlightMax } = plan;
  const values = [...new Set(waiting.map(({ group }) => group ?? ""))];
  const groups =
    budget === undefined ? new Map() : await rollouts.unavailable(budget.groupBy, values);
  const boxed = penalty === undefined ? new Set<DeviceId>() : await boxedOf(penalty);
  return { candidates: waiting.map(candidateOf), inFlightMax, budget, groups, nowMs, boxed };

  async function boxedOf(rule: NonNullable<typeof penalty>): Promise<ReadonlySet<DeviceId>> {
    const found = new Set<DeviceId>();
    for (const { device } of waiting) {
      const failures = await rollouts.failuresOf(device, nowMs - penaltyMemoryMs(rule));
      if (boxedUntilMs(rule, failures, nowMs) !== null) found.add(device);
    }
    return found;
  }
}

/** A device as whoever gives orders sees it. */
export function candidateOf({
  device,
  group,
  online,
  isUnwell,
  execution: { dueAtMs },
}: StoredExecution): OfferCandidate {
  return { device, group, dueAtMs, isUnavailable: !online || isUnwell };
}

async function ordersFor(
  ports: RolloutPorts,
  rollout: RolloutRecord,
  chosen: readonly StoredExecution[],
  nowMs: number,
): Promise<readonly StoredChange[]> {
  if (chosen.length === 0) return [];
  const release = await knownRelease(ports.releases, rollout.release);
  const changes: StoredChange[] = [];
  for (const stored of chosen) {
    const device = await ports.fleet.device(stored.device);
    const change = await orderFor(ports, { rollout, release, stored, device, nowMs });
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

interface Offer {
  readonly rollout: RolloutRecord;
  readonly release: ReleaseRecord;
  readonly stored: StoredExecution;
  readonly device: DeviceRecord | undefined;
  readonly nowMs: number;
}

/** Rule 3. */
async function orderFor(
  ports: RolloutPorts,
  { rollout, release, stored, device, nowMs }: Offer,
): Promise<StoredChange | undefined> {
  const moment = { rollout, nowMs };
  if (device?.state !== "active") {
    return changeExecution(stored, { kind: "remove", code: "REVOKED_DEVICE" }, moment);
  }
  const skip = skipOf(ports, device, { rollout, release });
  if (skip !== undefined) return changeExecution(stored, { kind: "skip", ...skip }, moment);
  const { slot } = rollout.plan;
  const { attempts } = stored.execution;
  const { calendar } = ports;
  const entry = rolloutEntryOf(rollout, release, { device, attempts, calendar });
  const assignment = await orderDevice(ports, device, { slot, entry });
  const previous = device.desired.slots.find((one) => one.slot === slot) ?? null;
  return changeExecution(
    stored,
    { kind: "offer", seq: assignment.seq },
    {
      ...moment,
      assignment,
      detail: { seq: assignment.seq },
      ...(previous?.deployment === rollout.id ? {} : { previous }),
    },
  );
}

function skipOf(
  { catalog }: RolloutPorts,
  device: DeviceRecord,
  { rollout, release }: { readonly rollout: RolloutRecord; readonly release: ReleaseRecord },
) {
  const { slot } = rollout.plan;
  if (isServing(device, rollout)) return { code: "ALREADY_INSTALLED", detail: null } as const;
  if (isOneSlotTooMany(device, slot)) {
    return { code: "INCOMPATIBLE", detail: "it runs as many models as a device may" } as const;
  }
  const [reason] = assessDevice(catalog, device, release);
  if (reason === undefined) return undefined;
  const { code, need, have } = reason;
  return { code: "INCOMPATIBLE", detail: `${code}: needs ${need}, has ${have}` } as const;
}

/** It is told to run this release, and proven to. */
function isServing({ desired, slots }: DeviceRecord, { release, plan }: RolloutRecord): boolean {
  const wanted = desired.slots.find(({ slot }) => slot === plan.slot)?.release;
  const serving = slots.find(({ slot }) => slot === plan.slot);
  return wanted === release && serving?.active?.release === release && serving.trial === null;
}
