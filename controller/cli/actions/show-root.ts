import { decodeBase64, RootView } from "@modelfleet/protocol";
import { inspectRoot } from "../../src/domain/root/inspect-root.ts";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { renderRoot } from "../render/root.ts";
import { writeNewFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface ShowRootOptions extends ApiOptions {
  readonly out?: string;
}

/** The root in force at a controller, also as a file to make the next one from. */
export async function showRoot(terminal: Terminal, options: ShowRootOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const view = await context.api.call({
    method: "GET",
    path: "/v1/roots/current",
    answer: RootView,
  });
  const bytes = decodeBase64(view.envelope);
  if (bytes === undefined) throw new CliError("BAD_ANSWER", "envelope: expected base64");
  if (options.out !== undefined) await writeNewFile(options.out, bytes);
  context.answer(view, () => renderRoot(inspectRoot(bytes), view));
}
