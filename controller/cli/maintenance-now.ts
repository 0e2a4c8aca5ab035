import { MaintenanceList } from "@modelfleet/protocol";
import type { contextOf } from "./context.ts";
import { maintenanceNow } from "./render/maintenance.ts";

/** A line each: why alerts may be silent. Nothing for programs, who ask for it themselves. */
export async function maintenanceLines(
  { api, json }: ReturnType<typeof contextOf>,
  { model, nowMs }: { readonly model: string | undefined; readonly nowMs: number },
): Promise<readonly string[]> {
  if (json) return [];
  const query = new URLSearchParams(model === undefined ? {} : { model });
  const path = `/v1/maintenance?${query.toString()}`;
  const lines = maintenanceNow(
    await api.call({ method: "GET", path, answer: MaintenanceList }),
    nowMs,
  );
  return lines.length === 0 ? [] : ["", ...lines];
}
