import type { AuditRecord, Sha256 } from "@modelfleet/protocol";
import {
  type AuditProof,
  type AuditTrace,
  brokenAt,
  emptyTrace,
} from "../../src/domain/audit/audit-trace.ts";
import { auditBreak, followAudit } from "../../src/domain/audit/follow-audit.ts";
import { readCheckpoint } from "../../src/domain/audit/read-checkpoint.ts";
import type { ApiOptions } from "../api-options.ts";
import { fetchAudit } from "../audit/fetch-audit.ts";
import { AuditLineError, readAuditFile } from "../audit/read-audit-file.ts";
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
  conclude(context, await followAll(records, proof), proof);
}

/** A line that is no record is an entry that was changed, like one that is a record of something else. */
async function followAll(
  records: AsyncIterable<AuditRecord>,
  proof: AuditProof,
): Promise<AuditTrace> {
  let trace = emptyTrace;
  try {
    for await (const record of records) trace = followAudit(trace, record, proof);
    return trace;
  } catch (error) {
    if (!(error instanceof AuditLineError)) throw error;
    if (trace.found !== null) return trace;
    return brokenAt(trace, { seq: trace.end.seq + 1, how: "changed", detail: error.message });
  }
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
  const { events, checkpoints, end } = trace;
  const counts = { events, checkpoints, seq: end.seq, hash: end.hash };
  if (broken !== undefined) {
    if (context.json) context.answer({ whole: false, ...counts, broken }, () => "");
    const { seq, how, detail } = broken;
    throw new CliError("NOT_DONE", `the audit log is broken at entry ${seq} (${how}): ${detail}`);
  }
  const isProvable = checkpoints > 0 || (events > 0 && proof.roots.length === 0);
  if (!isProvable) {
    if (context.json) context.answer({ whole: false, ...counts, signatures: "none" }, () => "");
    throw new CliError("NOT_DONE", `${unsignedLine(trace)}: expected a checkpoint, export it anew`);
  }
  sayWhole(context, trace, proof);
}

function sayWhole(context: Context, trace: AuditTrace, { roots, known }: AuditProof): void {
  const { events, checkpoints, end, checkpoint } = trace;
  const uncovered = end.seq - (checkpoint?.seq ?? 0);
  const checked = roots.length > 0 ? "checked" : "not checked";
  const signatures = checkpoints === 0 ? "none" : checked;
  const counts = { events, checkpoints, seq: end.seq, hash: end.hash };
  const lines = [
    checkpoints === 0
      ? `${unsignedLine(trace)}; the entries follow each other, which whoever wrote them can make so`
      : `whole: ${events} entries, ${checkpoints} checkpoints, ${uncovered} entries since the last of them`,
    `newest entry ${end.seq}, hash ${end.hash}`,
    ...(roots.length > 0 ? [] : ["signatures not checked: name the root with --root FILE"]),
    ...(known.size > 0
      ? []
      : ["whether newer entries were cut off, only an earlier export shows: --earlier FILE"]),
  ];
  context.answer({ whole: true, ...counts, uncovered, signatures }, () => lines.join("\n"));
}

function unsignedLine({ events }: AuditTrace): string {
  return `nothing here is signed: ${events} entries, 0 checkpoints`;
}
