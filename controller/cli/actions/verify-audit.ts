import type { AuditRecord, Sha256 } from "@modelfleet/protocol";
import {
  type AuditProof,
  type AuditTrace,
  emptyTrace,
} from "../../src/domain/audit/audit-trace.ts";
import { auditBreak, followAudit } from "../../src/domain/audit/follow-audit.ts";
import { readCheckpoint } from "../../src/domain/audit/read-checkpoint.ts";
import type { ApiOptions } from "../api-options.ts";
import { fetchAudit } from "../audit/fetch-audit.ts";
import { readAuditFile } from "../audit/read-audit-file.ts";
import { CliError } from "../cli-error.ts";
import { type Context, contextOf } from "../context.ts";
import { readRootFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface VerifyAuditOptions extends ApiOptions {
  readonly root: readonly string[];
  readonly earlier?: string;
}

/** @param file an export; undefined: the log of the controller */
export async function verifyAudit(
  terminal: Terminal,
  file: string | undefined,
  options: VerifyAuditOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const proof = await proofOf(options);
  const records = file === undefined ? fetchAudit(context) : readAuditFile(file);
  let trace = emptyTrace;
  for await (const record of records) trace = followAudit(trace, record, proof);
  conclude(context, trace, proof);
}

async function proofOf({ root, earlier }: VerifyAuditOptions): Promise<AuditProof> {
  const roots = await Promise.all(root.map(readRootFile));
  const known = new Map<number, Sha256>();
  if (earlier === undefined) return { roots, known };
  let newest: readonly [number, Sha256] | undefined;
  for await (const record of readAuditFile(earlier)) {
    const [seq, hash] = hashIn(record, roots);
    if (record.kind === "checkpoint") known.set(seq, hash);
    else newest = [seq, hash];
  }
  if (newest !== undefined) known.set(...newest);
  return { roots, known };
}

/** Which entry had which hash, as a record of an earlier export says. */
function hashIn(
  record: AuditRecord,
  roots: AuditProof["roots"],
): readonly [seq: number, hash: Sha256] {
  if (record.kind === "event") return [record.seq, record.hash];
  const { checkpoint } = readCheckpoint(Buffer.from(record.envelope, "base64"), roots);
  return [checkpoint.seq, checkpoint.hash];
}

function conclude(context: Context, trace: AuditTrace, proof: AuditProof): void {
  const broken = auditBreak(trace, proof);
  const { events, checkpoints, end, checkpoint } = trace;
  const counts = { events, checkpoints, seq: end.seq, hash: end.hash };
  const signatures = proof.roots.length > 0 ? "checked" : "not checked";
  const uncovered = end.seq - (checkpoint?.seq ?? 0);
  if (broken !== undefined) {
    if (context.json) context.answer({ whole: false, ...counts, broken }, () => "");
    const { seq, how, detail } = broken;
    throw new CliError("NOT_DONE", `the audit log is broken at entry ${seq} (${how}): ${detail}`);
  }
  context.answer({ whole: true, ...counts, uncovered, signatures }, () =>
    [
      `whole: ${events} entries, ${checkpoints} checkpoints, ${uncovered} entries since the last of them`,
      `newest entry ${end.seq}, hash ${end.hash}`,
      ...(proof.roots.length > 0 ? [] : ["signatures not checked: name the root with --root FILE"]),
    ].join("\n"),
  );
}
