import { Rollout } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { awaitRollout, concludeRollout } from "../await-rollout.ts";
import { contextOf } from "../context.ts";
import { readDuration } from "../read-options.ts";
import { rolloutPath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export interface WatchRolloutOptions extends ApiOptions {
  readonly timeout?: string;
}

export async function watchRollout(
  terminal: Terminal,
  id: string,
  options: WatchRolloutOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const timeoutMs =
    options.timeout === undefined
      ? Number.POSITIVE_INFINITY
      : readDuration("--timeout", options.timeout);
  const path = rolloutPath(id);
  const seen = await context.api.call({ method: "GET", path, answer: Rollout });
  concludeRollout(context, await awaitRollout(context, seen, timeoutMs));
}
