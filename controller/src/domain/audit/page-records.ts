import type { AuditPage, AuditRecord } from "@modelfleet/protocol";

/** A page as an export has it: in the order of entries, each checkpoint after the entry it covers. */
export function pageRecords({ events, checkpoints }: AuditPage): readonly AuditRecord[] {
  const records: AuditRecord[] = [];
  let next = 0;
  for (const event of events) {
    for (; (checkpoints[next]?.seq ?? event.seq) < event.seq; next++) {
      records.push(...checkpointAt(checkpoints, next));
    }
    records.push({ kind: "event", ...event });
  }
  for (; next < checkpoints.length; next++) records.push(...checkpointAt(checkpoints, next));
  return records;
}

function checkpointAt(checkpoints: AuditPage["checkpoints"], place: number): AuditRecord[] {
  const checkpoint = checkpoints[place];
  return checkpoint === undefined ? [] : [{ kind: "checkpoint", ...checkpoint }];
}
