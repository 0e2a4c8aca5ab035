import {
  type DeviceId,
  type EligibilityReason,
  type RolloutPlan,
  type RolloutPreview,
  rolloutLimits,
  type Sha256,
} from "@modelfleet/protocol";
import { deviceSubject, type SelectableDevice } from "../selection/device-fields.ts";
import { groupOf, stratumOf } from "../selection/device-group.ts";
import { matchesSelector } from "../selection/matches-selector.ts";
import { parseSelector } from "../selection/parse-selector.ts";
import { type SplitPlace, splitRollout } from "../selection/split-rollout.ts";
import { durationMsMin } from "./duration-min.ts";
import { type JudgedDevice, judgeDevice } from "./judged-device.ts";
import { planWarnings } from "./plan-warnings.ts";
import { fleetWarnings } from "./preview-warnings.ts";
import type { WindowReckoning } from "./windows-of.ts";

export interface PreviewRequest {
  readonly plan: RolloutPlan;
  /** Hex, 32 bytes. The rollout draws its own: its cohorts are as large, and of other devices. */
  readonly seed: string;
  readonly release: Sha256;
  /** Bytes of all its files. */
  readonly releaseBytes: number;
  /** Active devices that whoever asks may deploy to; the plan chooses among them. */
  readonly fleet: readonly SelectableDevice[];
  /** What stands in the way of giving the release to a device. */
  readonly reasonsOf: (device: SelectableDevice) => readonly EligibilityReason[];
  /** Open rollouts on the same slot and devices. */
  readonly conflicts: RolloutPreview["conflicts"];
  readonly calendar: WindowReckoning;
  readonly nowMs: number;
}

/**
 * What would happen, before anything does. A device that is pinned and incompatible is counted as pinned; one that has
 * several reasons under the first.
 *
 * @param request with a plan that `checkPlan` accepts
 */
export function previewRollout(request: PreviewRequest): RolloutPreview {
  const { plan, seed, conflicts, releaseBytes } = request;
  const judged = judgeTarget(request);
  const byId = new Map(judged.map((one) => [one.device.id, one]));
  const { places, leftOut } = splitRollout({ plan, seed, devices: judged.map(splitDevice) });
  const counted = places.filter(({ device }) => byId.get(device)?.isExempt === false);
  const ordered = counted.filter(({ device }) => byId.get(device)?.verdict === "eligible");
  const fetching = ordered.filter(({ device }) => byId.get(device)?.isHeld === false);
  const stages = stagesOf(plan, counted, byId);
  const control = idsOf(counted.filter(({ isControl }) => isControl));
  const sizes = { stages: stages.map(({ devices }) => devices), control: control.length };
  return {
    devices: judged.length,
    ...verdictsOf(judged),
    control: group(control),
    stages,
    conflicts,
    downloadBytes: releaseBytes * fetching.length,
    durationMsMin: durationMsMin(plan, ordered.length),
    warnings: [
      ...planWarnings(plan),
      ...fleetWarnings(request, { ...sizes, leftOut: leftOut.length, judged }),
    ],
  };
}

function judgeTarget(request: PreviewRequest): readonly JudgedDevice[] {
  const selector = parseSelector(request.plan.select);
  return request.fleet
    .filter((device) => matchesSelector(selector, deviceSubject(device)))
    .map((device) =>
      judgeDevice(device, {
        release: request.release,
        slot: request.plan.slot,
        reasons: request.reasonsOf(device),
      }),
    );
}

function splitDevice({ device, isExempt }: JudgedDevice) {
  return { ...device, isExempt };
}

function verdictsOf(judged: readonly JudgedDevice[]) {
  const having = (verdict: JudgedDevice["verdict"]) =>
    group(judged.filter((one) => one.verdict === verdict).map(({ device }) => device.id));
  return {
    eligible: having("eligible"),
    alreadyInstalled: having("installed"),
    pinned: having("pinned"),
    offline: group(judged.filter(({ device }) => !device.online).map(({ device }) => device.id)),
    incompatible: incompatibleOf(judged),
  };
}

function incompatibleOf(judged: readonly JudgedDevice[]): RolloutPreview["incompatible"] {
  const byCode = new Map<string, { reason: EligibilityReason; devices: DeviceId[] }>();
  for (const { device, reason } of judged) {
    if (reason === undefined) continue;
    const there = byCode.get(reason.code);
    if (there === undefined) byCode.set(reason.code, { reason, devices: [device.id] });
    else there.devices.push(device.id);
  }
  return [...byCode].map(([code, { reason, devices }]) => ({ code, reason, ...group(devices) }));
}

/** Of the control cohort nothing is in a stage before the last one has begun. */
function stagesOf(
  plan: RolloutPlan,
  counted: readonly SplitPlace[],
  byId: ReadonlyMap<DeviceId, JudgedDevice>,
): RolloutPreview["stages"] {
  return plan.stages.map(({ name = null }, stage) => {
    const ids = idsOf(counted.filter((place) => place.stage === stage));
    const { count, devices } = group(ids);
    const members = ids.flatMap((id) => byId.get(id)?.device ?? []);
    return { stage, name, devices: count, sample: devices, strata: strataOf(plan, members) };
  });
}

type Strata = RolloutPreview["stages"][number]["strata"];

function strataOf({ stratifyBy }: RolloutPlan, devices: readonly SelectableDevice[]): Strata {
  if (stratifyBy.length === 0) return [];
  const strata = new Map<string, { values: Strata[number]["values"]; devices: number }>();
  for (const device of devices) {
    const stratum = stratumOf(device, stratifyBy);
    const values = stratifyBy.map((key) => groupOf(device, key));
    strata.set(stratum, { values, devices: (strata.get(stratum)?.devices ?? 0) + 1 });
  }
  return [...strata.values()]
    .toSorted((left, right) => right.devices - left.devices)
    .slice(0, rolloutLimits.previewNamesMax);
}

function idsOf(places: readonly SplitPlace[]): readonly DeviceId[] {
  return places.map(({ device }) => device);
}

function group(devices: readonly DeviceId[]) {
  return { count: devices.length, devices: devices.slice(0, rolloutLimits.previewNamesMax) };
}
