import type { Maintenance } from "@modelfleet/protocol";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { Clock } from "../../ports/clock.ts";
import type { MaintenanceStore } from "../../ports/maintenance-store.ts";

export interface MaintenancePorts {
  readonly clock: Clock;
  readonly maintenance: MaintenanceStore;
}

export function maintenanceEntry(
  { id, model, cohort, fromMs, untilMs, reason }: Maintenance,
  action: "announced" | "ended",
  { by, atMs }: { readonly by: string; readonly atMs: number },
): AuditEntry {
  return {
    ...{ atMs, actor: by, action: `maintenance.${action}`, subject: `maintenance:${id}` },
    detail: { model, cohort, fromMs, untilMs, reason },
  };
}
