import { type AuditEvent, auditLimits, type Sha256 } from "@modelfleet/protocol";
import type { AuditEntry } from "./audit-entry.ts";
import { chainHash } from "./chain-hash.ts";

/** The newest entry of a log; seq 0 and the chain's start for an empty one. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: Sha256;
}

/** Gives an entry its place behind the newest one. Texts that are too long are cut, and say so. */
export function linkEntry(end: ChainEnd, entry: AuditEntry): AuditEvent {
  const event = {
    seq: end.seq + 1,
    atMs: entry.atMs,
    actor: storable(entry.actor),
    action: storable(entry.action),
    subject: storable(entry.subject),
    detail: detailText(entry.detail),
    previousHash: end.hash,
  };
  return { ...event, hash: chainHash(event) };
}

/** Of UTF-8, for one unit of UTF-16: a short text need not be measured. */
const BYTES_PER_UNIT_MAX = 3;

/** What every database keeps as it is: short, without control characters and without halves of characters. */
function storable(text: string): string {
  const { textLengthMax } = auditLimits;
  const short = text.length <= textLengthMax ? text : `${text.slice(0, textLengthMax - 1)}…`;
  return short.replaceAll(/[\p{Cc}\p{Cs}]/gu, "\u{fffd}");
}

/** protocol.md 9.3: of a detail that is too long the beginning is kept, with its full size. */
function detailText(detail: AuditEntry["detail"]): string {
  const text = JSON.stringify(detail);
  if (text.length * BYTES_PER_UNIT_MAX <= auditLimits.detailBytesMax) return text;
  const sizeBytes = new TextEncoder().encode(text).length;
  if (sizeBytes <= auditLimits.detailBytesMax) return text;
  return JSON.stringify({
    cut: true,
    sizeBytes,
    start: text.slice(0, auditLimits.detailCutLength),
  });
}
