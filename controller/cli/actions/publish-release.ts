import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { publishFolder } from "../publish-folder.ts";
import type { Terminal } from "../terminal.ts";

export async function publishRelease(
  terminal: Terminal,
  folder: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const published = await publishFolder(context, folder);
  const { model, version } = published.document;
  context.answer(published, () => `${model}@${version}  ${published.release}`);
  if (context.json) return;
  const next = published.approval.state === "awaiting-approval" ? "release approve" : "deploy";
  const rest = next === "deploy" ? " --all --wait" : "";
  terminal.err(`next: modelfleet ${next} ${model}@${version}${rest}\n`);
}
