import type { AuditPage, AuditQuery } from "@modelfleet/protocol";
import type { AuditLog } from "../../ports/audit-log.ts";

/** The audit log page by page, oldest first. */
export class ReadAudit {
  readonly #audit: AuditLog;

  constructor(ports: { readonly audit: AuditLog }) {
    this.#audit = ports.audit;
  }

  run({ after, count }: AuditQuery): Promise<AuditPage> {
    return this.#audit.page(after, count);
  }
}
