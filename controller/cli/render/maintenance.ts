import type { Maintenance, MaintenanceList } from "@modelfleet/protocol";
import { plainLine } from "./plain-text.ts";
import { table } from "./table.ts";

type Standing = "ahead" | "now" | "over" | "called off";

export function renderMaintenanceList({ maintenance }: MaintenanceList, nowMs: number): string {
  if (maintenance.length === 0) {
    return "nothing is announced: modelfleet maintenance add --model MODEL --for 2h --reason TEXT";
  }
  const rows = maintenance.map((one) => [
    one.id,
    standingOf(one, nowMs),
    one.model,
    one.cohort,
    time(one.fromMs),
    time(endOf(one)),
    one.createdBy,
    one.reason,
  ]);
  return table(["id", "state", "model", "cohort", "from", "to", "by", "reason"], rows);
}

/** Of what is going on now: why an alert may be silent. */
export function maintenanceNow({ maintenance }: MaintenanceList, nowMs: number): readonly string[] {
  return maintenance
    .filter((one) => standingOf(one, nowMs) === "now")
    .map((one) => `under maintenance: ${maintenanceLine(one, nowMs)}`);
}

export function maintenanceLine(one: Maintenance, nowMs: number): string {
  const { model, cohort, reason, fromMs } = one;
  const what = `${model} ${cohort}: ${plainLine(reason)}`;
  switch (standingOf(one, nowMs)) {
    case "ahead":
      return `${what}, from ${time(fromMs)} to ${time(endOf(one))}: no alert is told meanwhile`;
    case "now":
      return `${what}, until ${time(endOf(one))}: no alert is told meanwhile`;
    case "over":
      return `${what}, over since ${time(endOf(one))}`;
    case "called off":
      return `${what}, called off before it began`;
  }
}

function standingOf(one: Maintenance, nowMs: number): Standing {
  if (one.endedAtMs !== null && one.endedAtMs <= one.fromMs) return "called off";
  if (endOf(one) <= nowMs) return "over";
  return one.fromMs > nowMs ? "ahead" : "now";
}

function endOf({ untilMs, endedAtMs }: Maintenance): number {
  return Math.min(untilMs, endedAtMs ?? untilMs);
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).concat("Z");
}
