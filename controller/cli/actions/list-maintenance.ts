import { MaintenanceList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { renderMaintenanceList } from "../render/maintenance.ts";
import type { Terminal } from "../terminal.ts";

export interface ListMaintenanceOptions extends ApiOptions {
  readonly model?: string;
}

export async function listMaintenance(
  terminal: Terminal,
  options: ListMaintenanceOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const { model } = options;
  const query = new URLSearchParams(model === undefined ? {} : { model });
  const path = `/v1/maintenance${query.size === 0 ? "" : `?${query.toString()}`}`;
  const list = await context.api.call({ method: "GET", path, answer: MaintenanceList });
  context.answer(list, () => renderMaintenanceList(list, terminal.nowMs()));
}
