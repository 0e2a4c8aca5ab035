import { Maintenance } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { readDuration, readTime } from "../read-options.ts";
import { maintenanceLine } from "../render/maintenance.ts";
import type { Terminal } from "../terminal.ts";

export interface AddMaintenanceOptions extends ApiOptions {
  readonly model: string;
  readonly cohort: string;
  readonly from?: string;
  readonly to?: string;
  readonly for?: string;
  readonly reason: string;
}

export async function addMaintenance(
  terminal: Terminal,
  options: AddMaintenanceOptions,
): Promise<void> {
  const { model, cohort, reason, from } = options;
  const context = contextOf(terminal, options);
  const fromMs = from === undefined ? undefined : readTime("--from", from);
  const untilMs = readEnd(options, fromMs ?? terminal.nowMs());
  const maintenance = await context.api.call({
    method: "POST",
    path: "/v1/maintenance",
    answer: Maintenance,
    json: { model, cohort, reason, untilMs, ...(fromMs === undefined ? {} : { fromMs }) },
  });
  context.answer(
    maintenance,
    () =>
      `${maintenance.id}  ${maintenanceLine(maintenance, terminal.nowMs())}\nend it sooner: modelfleet maintenance end ${maintenance.id}`,
  );
}

/** @throws CliError USAGE unless exactly one of both is given */
function readEnd(options: AddMaintenanceOptions, fromMs: number): number {
  const { to, for: length } = options;
  if (to !== undefined && length === undefined) return readTime("--to", to);
  if (to === undefined && length !== undefined) return fromMs + readDuration("--for", length);
  throw new CliError("USAGE", "expected either --to TIME or --for DURATION");
}
