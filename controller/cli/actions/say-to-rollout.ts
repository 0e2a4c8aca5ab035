import { Rollout } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import { renderRollout } from "../render/rollout.ts";
import { rolloutPath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export interface RolloutWordOptions extends ApiOptions {
  readonly reason: string;
}

export interface AbortRolloutOptions extends RolloutWordOptions {
  readonly keep?: boolean;
  readonly revert?: boolean;
}

interface Said {
  readonly id: string;
  /** As the API calls it. */
  readonly verb: string;
  /** Beside the reason. */
  readonly more?: object;
}

export async function sayToRollout(
  terminal: Terminal,
  { id, verb, more = {} }: Said,
  options: RolloutWordOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `${rolloutPath(id)}:${verb}`;
  const json = { reason: options.reason, ...more };
  const rollout = await context.api.call({ method: "POST", path, answer: Rollout, json });
  context.answer(rollout, () => renderRollout(rollout));
}

/** Which of the two is too much to guess. */
export async function abortRollout(
  terminal: Terminal,
  id: string,
  { keep = false, revert = false, ...options }: AbortRolloutOptions,
): Promise<void> {
  if (keep === revert) {
    throw new CliError(
      "USAGE",
      "expected one of --keep (devices that got the release keep it) and --revert (they go back)",
    );
  }
  const more = { devices: keep ? "keep" : "revert" };
  await sayToRollout(terminal, { id, verb: "abort", more }, options);
}
