import { Rollout } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { renderRollout } from "../render/rollout.ts";
import { rolloutPath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export async function showRollout(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = rolloutPath(id);
  const rollout = await context.api.call({ method: "GET", path, answer: Rollout });
  context.answer(rollout, () => renderRollout(rollout));
}
