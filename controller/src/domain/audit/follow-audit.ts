import type { AuditRecord } from "@modelfleet/protocol";
import {
  type AuditBreak,
  type AuditProof,
  type AuditRecordOf,
  type AuditTrace,
  brokenAt,
} from "./audit-trace.ts";
import { chainHash } from "./chain-hash.ts";
import { followCheckpoint } from "./follow-checkpoint.ts";

/**
 * Reads a log record by record (protocol.md 9.5). Rules:
 *
 * 1. The first break counts; behind it nothing is believed.
 * 2. An entry that follows by number and hash and is not what it says was *changed*. So was one whose successor was
 *    built upon another: it got a new hash of its own.
 * 3. One that does not follow at all stands where another stood. If that one comes later, they were *reordered*; if it
 *    never comes, it was *removed*, or changed where the number is the right one.
 */
export function followAudit(trace: AuditTrace, record: AuditRecord, proof: AuditProof): AuditTrace {
  if (trace.found !== null) return settle(trace, record);
  if (record.kind === "checkpoint") return followCheckpoint(trace, record, proof);
  return followEvent(trace, record, proof);
}

/** What is wrong with the log once all of it was read; undefined when it is whole. */
export function auditBreak(trace: AuditTrace, proof: AuditProof): AuditBreak | undefined {
  if (trace.found !== null) return trace.found.broken;
  const missing = [...proof.known.keys()].filter((seq) => seq > trace.end.seq);
  if (missing.length === 0) return undefined;
  return {
    seq: trace.end.seq + 1,
    how: "cut",
    detail: `the log ends with entry ${trace.end.seq}, an earlier export had ${Math.max(...missing)}`,
  };
}

function followEvent(
  trace: AuditTrace,
  event: AuditRecordOf<"event">,
  proof: AuditProof,
): AuditTrace {
  const { end } = trace;
  const isNext = event.seq === end.seq + 1;
  const isLinked = event.previousHash === end.hash;
  const isItself = chainHash(event) === event.hash;
  if (!(isNext && isLinked && isItself)) return brokenEvent(trace, event, { isLinked, isItself });
  const known = proof.known.get(event.seq);
  if (known !== undefined && known !== event.hash) {
    const detail = `an earlier export has another hash of entry ${event.seq}: it, or one before it, was written anew`;
    return brokenAt(trace, { seq: event.seq, how: "changed", detail });
  }
  return { ...trace, end: { seq: event.seq, hash: event.hash }, events: trace.events + 1 };
}

/** Rules 2 and 3. */
function brokenEvent(
  trace: AuditTrace,
  { seq }: AuditRecordOf<"event">,
  { isLinked, isItself }: { readonly isLinked: boolean; readonly isItself: boolean },
): AuditTrace {
  const expected = trace.end.seq + 1;
  if (isLinked) {
    const detail = `entry ${expected} is not what its hash says`;
    return brokenAt(trace, { seq: expected, how: "changed", detail });
  }
  if (seq === expected && isItself && expected > 1) {
    const detail = `entry ${expected} was built upon another entry ${expected - 1}`;
    return brokenAt(trace, { seq: expected - 1, how: "changed", detail });
  }
  const broken = { seq: expected, how: seq > expected ? "removed" : "changed" } as const;
  const detail = `expected entry ${expected}, built upon the one before, got ${seq}`;
  return brokenAt(trace, { ...broken, detail }, false);
}

/** Rule 3. */
function settle(trace: AuditTrace, record: AuditRecord): AuditTrace {
  const { found, end } = trace;
  if (found === null || found.isSettled || record.kind === "checkpoint") return trace;
  const expected = end.seq + 1;
  if (record.previousHash === end.hash) {
    const detail = `entry ${expected} comes later, as number ${record.seq}`;
    return brokenAt(trace, { seq: expected, how: "reordered", detail });
  }
  if (found.broken.how !== "cut") return trace;
  const detail = `expected entry ${expected}, got ${record.seq}`;
  return brokenAt(trace, { seq: expected, how: "removed", detail }, false);
}
