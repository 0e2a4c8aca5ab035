import type { DeviceId, RolloutPlan, StageSize } from "@modelfleet/protocol";
import { deviceSubject, type SelectableDevice } from "./device-fields.ts";
import { groupOf, stratumOf } from "./device-group.ts";
import { matchesSelector } from "./matches-selector.ts";
import { inOrder } from "./order-key.ts";
import { parseSelector } from "./parse-selector.ts";
import { stratifiedOrder } from "./stratified-order.ts";

/** A device of the target set; `isExempt`: incompatible or pinned, so that nothing is offered to it. */
export interface SplitDevice extends SelectableDevice {
  readonly isExempt: boolean;
}

/** One device's place; positions count from 0, without a gap, in the order of offers. */
export interface SplitPlace {
  readonly device: DeviceId;
  readonly position: number;
  /** null: control; it gets its order with the last stage. */
  readonly stage: number | null;
  readonly isControl: boolean;
  /** The value of the label that the plan's budget groups by. */
  readonly group: string | null;
}

export interface Split {
  /** In order; the skipped ones stand last, in the last stage, where they count for nothing. */
  readonly places: readonly SplitPlace[];
  /** Devices that no stage takes: sizes or filters leave them out. They are no part of the rollout. */
  readonly leftOut: readonly DeviceId[];
}

/**
 * Freezes the target set: who gets the release when.
 *
 * 1. All devices that are not skipped get one order, `stratifiedOrder` of their order keys. It depends on the seed and the
 *    devices alone, so a larger percentage only adds devices.
 * 2. A stage takes the next devices of that order that its filter chooses, until it has its size. A share is one of all
 *    devices that are not skipped, rounded up, and counts those of earlier stages.
 * 3. The control cohort is the end of what the last stage has, at most all of it.
 *
 * @param seed hex, 32 bytes
 * @throws RolloutError SELECTOR_INVALID for a filter that is none
 */
export function splitRollout({ plan, seed, devices }: SplitRequest): Split {
  const ordered = orderDevices(
    plan,
    seed,
    devices.filter(({ isExempt }) => !isExempt),
  );
  const skipped = inOrder(
    seed,
    devices.filter(({ isExempt }) => isExempt),
  );
  const { stages, leftOut } = takeStages(plan, ordered);
  const last = stages.at(-1) ?? [];
  const controlFrom = Math.max(0, last.length - controlCount(plan, ordered.length));
  const lastStage = plan.stages.length - 1;
  const seats = [
    ...stages.flatMap((taken, stage) =>
      taken.map((device, index) => ({
        device,
        stage: stage === lastStage && index >= controlFrom ? null : stage,
      })),
    ),
    ...skipped.map((device) => ({ device, stage: lastStage })),
  ];
  return {
    places: seats.map((seat, position) => placeOf(plan, seat, position)),
    leftOut: leftOut.map(({ id }) => id),
  };
}

/** How many devices the plan wants kept aside, of so many that are not skipped. */
export function controlCount({ control }: Pick<RolloutPlan, "control">, devices: number): number {
  return control === undefined ? 0 : countOf(control, devices);
}

export interface SplitRequest {
  readonly plan: Pick<RolloutPlan, "stages" | "control" | "stratifyBy" | "budget">;
  readonly seed: string;
  readonly devices: readonly SplitDevice[];
}

function orderDevices(
  plan: SplitRequest["plan"],
  seed: string,
  devices: readonly SplitDevice[],
): readonly SplitDevice[] {
  const ordered = inOrder(seed, devices);
  if (plan.stratifyBy.length === 0) return ordered;
  const strata = new Map<string, SplitDevice[]>();
  for (const device of ordered) {
    const stratum = stratumOf(device, plan.stratifyBy);
    const members = strata.get(stratum);
    if (members === undefined) strata.set(stratum, [device]);
    else members.push(device);
  }
  return stratifiedOrder([...strata.values()]);
}

function takeStages(plan: SplitRequest["plan"], ordered: readonly SplitDevice[]) {
  let rest = ordered;
  let taken = 0;
  const stages = plan.stages.map(({ size, filter }) => {
    const wanted = "percent" in size ? countOf(size, ordered.length) - taken : size.devices;
    const split = takeFrom(rest, Math.max(0, wanted), filter ?? "");
    rest = split.rest;
    taken += split.stage.length;
    return split.stage;
  });
  return { stages, leftOut: rest };
}

function takeFrom(devices: readonly SplitDevice[], wanted: number, filter: string) {
  const selector = parseSelector(filter);
  const stage: SplitDevice[] = [];
  const rest: SplitDevice[] = [];
  for (const device of devices) {
    const isTaken = stage.length < wanted && matchesSelector(selector, deviceSubject(device));
    (isTaken ? stage : rest).push(device);
  }
  return { stage, rest };
}

/** A share is rounded up: one percent of ten devices is a device. */
function countOf(size: StageSize, devices: number): number {
  return "percent" in size ? Math.ceil((size.percent * devices) / 100) : size.devices;
}

function placeOf(
  plan: SplitRequest["plan"],
  { device, stage }: { readonly device: SplitDevice; readonly stage: number | null },
  position: number,
): SplitPlace {
  return {
    device: device.id,
    position,
    stage,
    isControl: stage === null,
    group: plan.budget === undefined ? null : groupOf(device, plan.budget.groupBy),
  };
}
