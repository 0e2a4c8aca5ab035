import { RolloutPreview } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readRelease } from "../read-options.ts";
import { renderPreview } from "../render/rollout-preview.ts";
import { type PlanOptions, planOf } from "../rollout-options.ts";
import type { Terminal } from "../terminal.ts";

export async function planRollout(
  terminal: Terminal,
  { release, file }: { readonly release: string; readonly file: string | undefined },
  options: ApiOptions & PlanOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const named = readRelease(release);
  const { plan, located } = await planOf(file, options);
  const preview = await context.api
    .call({
      method: "POST",
      path: "/v1/rollouts:validate",
      answer: RolloutPreview,
      json: { ...named, plan },
    })
    .catch((error: unknown) => {
      throw located(error);
    });
  context.answer(preview, () => renderPreview(release, preview));
}
