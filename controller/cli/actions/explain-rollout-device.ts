import { RolloutExplanation } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { rolloutDevicePath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export async function explainRolloutDevice(
  terminal: Terminal,
  { id, device }: { readonly id: string; readonly device: string },
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `${rolloutDevicePath(id, device)}/explain`;
  const explained = await context.api.call({ method: "GET", path, answer: RolloutExplanation });
  context.answer(explained, () => explained.sentence);
}
