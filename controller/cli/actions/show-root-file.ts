import { inspectRoot } from "../../src/domain/root/inspect-root.ts";
import { rootExpiry } from "../../src/domain/root/root-expiry.ts";
import { localContext } from "../local-context.ts";
import { renderRoot } from "../render/root.ts";
import { inFile, readEnvelopeFile, readRootFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface InspectRootOptions {
  readonly against?: string;
  readonly json?: boolean;
}

/** What a root file says, also while it is a draft. */
export async function showRootFile(
  terminal: Terminal,
  path: string,
  options: InspectRootOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const before = options.against === undefined ? undefined : await readRootFile(options.against);
  const bytes = await readEnvelopeFile(path);
  const found = inFile(path, () => inspectRoot(bytes, before));
  const expiry = rootExpiry(found.document, terminal.nowMs());
  context.answer({ file: path, ...found, ...expiry }, () => renderRoot(found, expiry));
}
