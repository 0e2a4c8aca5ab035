import { decodeBase64, VerifyError } from "@modelfleet/protocol";
import { type AuditProof, type AuditRecordOf, type AuditTrace, brokenAt } from "./audit-trace.ts";
import { type OpenedCheckpoint, readCheckpoint } from "./read-checkpoint.ts";

/** A checkpoint comes right after the entry it covers, and names the checkpoint before it (protocol.md 9.4). */
export function followCheckpoint(
  trace: AuditTrace,
  record: AuditRecordOf<"checkpoint">,
  { roots }: AuditProof,
): AuditTrace {
  const { seq } = record;
  try {
    const opened = readCheckpoint(decodeBase64(record.envelope) ?? new Uint8Array(0), roots);
    if (opened.checkpoint.seq === seq) return placeCheckpoint(trace, opened);
    const detail = `the checkpoint of entry ${seq} is signed for entry ${opened.checkpoint.seq}`;
    return brokenAt(trace, { seq, how: "forged", detail });
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    const foreign = isUnsigned(trace, error) ? foreignFleet(record, roots) : undefined;
    if (foreign !== undefined) return brokenAt(trace, { seq, how: "foreign", detail: foreign });
    const detail = `the checkpoint of entry ${seq} is not ours: ${error.code}, ${error.message}`;
    return brokenAt(trace, { seq, how: "forged", detail });
  }
}

function isUnsigned({ checkpoint }: AuditTrace, { code }: VerifyError): boolean {
  return checkpoint === null && code === "SIGNATURE";
}

/**
 * What speaks for a wrong root rather than a wrong log: no checkpoint was signed under these roots, and the first names
 * another fleet than any of them. Whoever forged it could write that too, so that it is broken all the same.
 */
function foreignFleet(
  { seq, envelope }: AuditRecordOf<"checkpoint">,
  roots: AuditProof["roots"],
): string | undefined {
  const bytes = decodeBase64(envelope) ?? new Uint8Array(0);
  const fleets: readonly string[] = roots.map(({ document }) => document.fleet);
  const fleet = claimedFleet(bytes);
  if (fleet === undefined || fleets.includes(fleet)) return undefined;
  return `the checkpoint of entry ${seq} names fleet ${fleet}, the root given is of fleet ${fleets.join(", ")}: it may be the wrong root`;
}

/** What an envelope says of itself, whoever signed it. */
function claimedFleet(envelope: Uint8Array): string | undefined {
  try {
    return readCheckpoint(envelope, []).checkpoint.fleet;
  } catch (error) {
    if (error instanceof VerifyError) return undefined;
    throw error;
  }
}

function placeCheckpoint(trace: AuditTrace, { checkpoint, sha256 }: OpenedCheckpoint): AuditTrace {
  const { end, checkpoint: before } = trace;
  const { seq, hash, previous } = checkpoint;
  if (seq > end.seq) {
    const detail = `the log ends with entry ${end.seq}, a checkpoint says there was entry ${seq}`;
    return brokenAt(trace, { seq: end.seq + 1, how: "cut", detail }, false);
  }
  if (seq < end.seq) {
    const detail = `the checkpoint of entry ${seq} comes after entry ${end.seq}`;
    return brokenAt(trace, { seq, how: "reordered", detail });
  }
  if (hash !== end.hash) {
    const from = (before?.seq ?? 0) + 1;
    const detail = `an entry from ${from} to ${seq} was written anew: the checkpoint of ${seq} was signed over another hash`;
    return brokenAt(trace, { seq, how: "changed", detail });
  }
  if (previous !== (before?.sha256 ?? null)) {
    const detail = `a checkpoint before that of entry ${seq} is missing`;
    return brokenAt(trace, { seq, how: "removed", detail });
  }
  return { ...trace, checkpoint: { seq, sha256 }, checkpoints: trace.checkpoints + 1 };
}
