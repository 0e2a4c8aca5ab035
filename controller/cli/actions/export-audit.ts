import { type FileHandle, open, rm } from "node:fs/promises";
import type { ApiOptions } from "../api-options.ts";
import { fetchAudit } from "../audit/fetch-audit.ts";
import { CliError } from "../cli-error.ts";
import { type Context, contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export interface ExportAuditOptions extends ApiOptions {
  readonly out: string;
}

/** How often somebody who watches is told. */
const ENTRIES_PER_WORD = 1_000;

export async function exportAudit(terminal: Terminal, options: ExportAuditOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const { out } = options;
  const file = await create(out);
  try {
    const written = await write(context, file);
    await file.sync();
    context.answer(
      { file: out, ...written },
      () => `${out}: ${written.events} entries, ${written.checkpoints} checkpoints`,
    );
  } catch (error) {
    await rm(out, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

async function write(context: Context, file: FileHandle) {
  const counts = { events: 0, checkpoints: 0, seq: 0 };
  for await (const record of fetchAudit(context)) {
    await file.write(`${JSON.stringify(record)}\n`);
    if (record.kind === "checkpoint") counts.checkpoints += 1;
    else counts.events += 1;
    counts.seq = Math.max(counts.seq, record.seq);
    if (counts.events % ENTRIES_PER_WORD === 0) progress(context, counts.events);
  }
  return counts;
}

/** Never over another file: an earlier export is what a cut log is found by. */
async function create(path: string): Promise<FileHandle> {
  try {
    return await open(path, "wx", 0o600);
  } catch (cause) {
    throw new CliError(
      "FILE",
      `${path}: expected a file that is not there yet, in a folder that is: ${String(cause)}; earlier exports are worth keeping`,
      { cause },
    );
  }
}

function progress({ terminal }: Context, events: number): void {
  const text = `${events} entries`;
  terminal.err(terminal.isInteractive ? `\r\u001b[2K${text}` : `${text}\n`);
}
