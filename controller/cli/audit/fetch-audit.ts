import { AuditPage, type AuditRecord, auditLimits } from "@modelfleet/protocol";
import { pageRecords } from "../../src/domain/audit/page-records.ts";
import { CliError } from "../cli-error.ts";
import type { Context } from "../context.ts";

/** The whole log of a controller, page by page; it ends with what was there when the last page was asked for. */
export async function* fetchAudit({ api }: Context): AsyncGenerator<AuditRecord> {
  for (let after: number | null = 0; after !== null; ) {
    const page: AuditPage = await api.call({
      method: "GET",
      path: `/v1/audit?after=${after}&count=${auditLimits.pageEventsMax}`,
      answer: AuditPage,
    });
    yield* pageRecords(page);
    if (page.next !== null && page.next <= after) {
      throw new CliError("BAD_ANSWER", `expected entries above ${after}, got ${page.next}`);
    }
    after = page.next;
  }
}
