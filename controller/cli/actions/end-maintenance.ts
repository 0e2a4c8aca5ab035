import { Maintenance, MaintenanceId } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { maintenanceLine } from "../render/maintenance.ts";
import type { Terminal } from "../terminal.ts";

export async function endMaintenance(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  if (!MaintenanceId.safeParse(id).success) {
    throw new CliError(
      "USAGE",
      `expected the id of a maintenance, 16 lowercase hex characters, got "${id.slice(0, 32)}": see modelfleet maintenance list`,
    );
  }
  const context = contextOf(terminal, options);
  const path = `/v1/maintenance/${id}:end`;
  const ended = await context.api.call({ method: "POST", path, answer: Maintenance });
  context.answer(ended, () => `${id}  ${maintenanceLine(ended, terminal.nowMs())}`);
}
