import type { AuditEntry } from "../../../controller/src/domain/audit/audit-entry.ts";

/** An entry of a change whose words do not matter. */
export function auditEntry(): AuditEntry {
  return { atMs: 1, actor: "local", action: "thing.changed", subject: "thing:1", detail: {} };
}
