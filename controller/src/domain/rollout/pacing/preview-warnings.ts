import type { RolloutPlan } from "@modelfleet/protocol";
import { deviceSubject, type SelectableDevice } from "../selection/device-fields.ts";
import { groupOf } from "../selection/device-group.ts";
import { parseSelector } from "../selection/parse-selector.ts";
import { selectedFields } from "../selection/selected-fields.ts";
import { controlCount } from "../selection/split-rollout.ts";
import type { JudgedDevice } from "./judged-device.ts";
import type { PlanWarning } from "./plan-warnings.ts";
import { labelledZone, type WindowReckoning, windowsOf } from "./windows-of.ts";

export interface PreviewFleet {
  readonly plan: RolloutPlan;
  readonly fleet: readonly SelectableDevice[];
  readonly calendar: WindowReckoning;
  readonly nowMs: number;
}

/** What the split of the fleet came to. */
export interface PreviewSizes {
  /** Devices of each stage, without the control cohort. */
  readonly stages: readonly number[];
  readonly control: number;
  readonly leftOut: number;
  readonly judged: readonly JudgedDevice[];
}

/** What of a plan is hardly meant for this fleet. */
export function fleetWarnings(preview: PreviewFleet, sizes: PreviewSizes): readonly PlanWarning[] {
  return [
    ...fieldWarnings(preview),
    ...stageWarnings(preview.plan, sizes),
    ...shareWarnings(preview.plan, sizes),
    ...budgetWarnings(preview, sizes),
    ...zoneWarnings(preview, sizes),
    ...windowWarnings(preview),
  ];
}

/** A misspelt label is no error, for labels are free: but `!=` then chooses every device. */
function fieldWarnings({ plan, fleet }: PreviewFleet): readonly PlanWarning[] {
  const filters = plan.stages.map(({ filter = "" }, stage) => ({
    text: filter,
    pointer: `/stages/${stage}/filter`,
  }));
  return [{ text: plan.select, pointer: "/select" }, ...filters].flatMap(({ text, pointer }) =>
    selectedFields(parseSelector(text))
      .filter((field) => fleet.every((device) => deviceSubject(device)(field) === undefined))
      .map((field) => ({
        code: "FIELD_UNKNOWN",
        pointer,
        detail: `no device of the fleet has "${field}": == never chooses one by it, != always`,
      })),
  );
}

function stageWarnings(plan: RolloutPlan, { stages, control }: PreviewSizes) {
  const last = stages.length - 1;
  return stages.flatMap((own, stage): readonly PlanWarning[] => {
    const devices = stage === last ? own + control : own;
    const { decidedMin } = plan.stages[stage]?.thresholds ?? { decidedMin: 1 };
    if (devices === 0) {
      const detail = "the stage adds no device and passes empty";
      return [{ code: "STAGE_EMPTY", pointer: `/stages/${stage}/size`, detail }];
    }
    if (decidedMin <= devices) return [];
    const pointer = `/stages/${stage}/thresholds/decidedMin`;
    const detail = `the stage has ${devices} devices, so all of them must be decided instead of ${decidedMin}`;
    return [{ code: "DECIDED_MIN_ABOVE_SIZE", pointer, detail }];
  });
}

function shareWarnings(plan: RolloutPlan, { control, leftOut, judged }: PreviewSizes) {
  const warnings: PlanWarning[] = [];
  if (leftOut > 0) {
    const detail = `${leftOut} devices are chosen and in no stage, so they never get the release`;
    warnings.push({ code: "DEVICES_LEFT_OUT", pointer: "/stages", detail });
  }
  const wanted = controlCount(plan, judged.filter(({ isExempt }) => !isExempt).length);
  if (control < wanted) {
    const detail = `expected ${wanted} devices, and the last stage adds only ${control}`;
    warnings.push({ code: "CONTROL_CUT", pointer: "/control", detail });
  }
  return warnings;
}

/** Of a group as small as what must stay in service no device may ever be touched. */
function budgetWarnings({ plan, fleet }: PreviewFleet, { judged }: PreviewSizes) {
  const { budget } = plan;
  if (budget?.availableMin === undefined) return [];
  const sizes = new Map<string, number>();
  for (const device of fleet) {
    const group = groupOf(device, budget.groupBy) ?? "";
    sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  const floor = budget.availableMin;
  const chosen = judged.filter(({ isExempt }) => !isExempt);
  const stuck = new Set(
    chosen
      .map(({ device }) => groupOf(device, budget.groupBy) ?? "")
      .filter((group) => (sizes.get(group) ?? 0) <= floor),
  );
  if (stuck.size === 0) return [];
  const names = shortList([...stuck].map((group) => `${budget.groupBy}="${group}"`));
  const detail = `${floor} devices must stay in service, and there are no more in ${names}: nothing is ever offered there`;
  return [{ code: "BUDGET_BLOCKS", pointer: "/budget/availableMin", detail }];
}

function zoneWarnings({ plan, calendar }: PreviewFleet, { judged }: PreviewSizes) {
  const index = plan.windows.findIndex(({ zone }) => zone === "device");
  if (index < 0) return [];
  const unknown = judged.filter(({ device }) => {
    const zone = labelledZone(device.labels);
    return zone !== undefined && !calendar.isZone(zone);
  });
  if (unknown.length === 0) return [];
  const names = shortList(unknown.map(({ device }) => device.id));
  const detail = `the label timezone of ${unknown.length} devices names no IANA zone, so UTC counts: ${names}`;
  return [{ code: "TIMEZONE_UNKNOWN", pointer: `/windows/${index}/zone`, detail }];
}

function windowWarnings({ plan, calendar, nowMs }: PreviewFleet): readonly PlanWarning[] {
  const next = windowsOf(plan, { labels: {} }, { calendar, nowMs })?.[0];
  if (next === undefined || next.fromMs - nowMs <= plan.timeouts.executionMs) return [];
  const detail = "the next window begins after an order given now has timed out";
  return [{ code: "WINDOW_AFTER_TIMEOUT", pointer: "/timeouts/executionMs", detail }];
}

function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 5);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}
