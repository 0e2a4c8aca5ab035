import type { Maintenance } from "@modelfleet/protocol";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { MaintenanceStore } from "../../ports/maintenance-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";

export interface MaintenancePorts {
  readonly clock: Clock;
  readonly fleet: Pick<FleetStore, "hasCohort" | "someCohorts">;
  readonly releases: ReleaseStore;
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
