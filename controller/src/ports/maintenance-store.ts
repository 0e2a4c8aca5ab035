import type { Maintenance, MaintenanceId, ModelName } from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";

/** Work on devices that people have announced. Each change stands in the audit log, in its commit. */
export interface MaintenanceStore {
  /** Forgets what ended too long ago, too. @returns false when too many are not over; then nothing has changed */
  readonly add: (maintenance: Maintenance, entry: AuditEntry) => Promise<boolean>;
  readonly byId: (id: MaintenanceId) => Promise<Maintenance | undefined>;
  /** Those that end last first, at most `maintenanceLimits.listedMax`. */
  readonly list: (model: ModelName | undefined) => Promise<readonly Maintenance[]>;
  /** Of a model, those with any time in common with a span. */
  readonly overlapping: (model: ModelName, span: TimeSpan) => Promise<readonly Maintenance[]>;
  /** @returns false when it was over; then nothing has changed */
  readonly end: (
    id: MaintenanceId,
    act: { readonly by: string; readonly atMs: number },
    entry: AuditEntry,
  ) => Promise<boolean>;
}

export interface TimeSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}
