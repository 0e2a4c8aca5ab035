import { createReadStream } from "node:fs";
import { AuditRecord, auditLimits, FormatError, parseStrictJson } from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";

const NEWLINE = 0x0a;

/** A line of an export that is no record: whoever reads the log knows which entry should stand there. */
export class AuditLineError extends CliError {
  constructor(message: string, options?: ErrorOptions) {
    super("FILE", message, options);
  }
}

/** The records of an export, one JSON object a line. @throws AuditLineError naming the line, CliError FILE */
export async function* readAuditFile(path: string): AsyncGenerator<AuditRecord> {
  let line = 0;
  for await (const bytes of readLines(path)) {
    line += 1;
    yield parseLine(bytes, `${path}, line ${line}`);
  }
}

function parseLine(bytes: Uint8Array, where: string): AuditRecord {
  try {
    const json = parseStrictJson(bytes, { bytesMax: auditLimits.lineBytesMax });
    const parsed = AuditRecord.safeParse(json);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const why = `${issue?.path.join(".") ?? "?"}: ${issue?.message ?? "expected another form"}`;
    throw new AuditLineError(`${where}: expected an entry of an audit log: ${why}`);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new AuditLineError(`${where}: expected one JSON object: ${cause.message}`, { cause });
  }
}

async function* readLines(path: string): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const chunk of chunksOf(path)) {
    rest = Buffer.concat([rest, chunk]);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield rest.subarray(0, end);
      rest = rest.subarray(end + 1);
    }
    if (rest.length <= auditLimits.lineBytesMax) continue;
    throw new AuditLineError(`${path}: expected lines of ≤ ${auditLimits.lineBytesMax} bytes`);
  }
  if (rest.length > 0) yield rest;
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Buffer;
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}
