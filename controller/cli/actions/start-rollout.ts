import { randomUUID } from "node:crypto";
import { Rollout, rolloutLimits } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { awaitRollout, concludeRollout } from "../await-rollout.ts";
import { CliError } from "../cli-error.ts";
import { type Context, contextOf } from "../context.ts";
import { readDuration, readRelease, readTime } from "../read-options.ts";
import { renderRollout } from "../render/rollout.ts";
import { type PlanOptions, planOf } from "../rollout-options.ts";
import { rolloutPath } from "../rollout-paths.ts";
import type { Terminal } from "../terminal.ts";

export interface StartRolloutOptions extends ApiOptions, PlanOptions {
  readonly draft?: boolean;
  readonly at?: string;
  readonly overridePoisoned?: string;
  readonly reason: string;
  readonly wait?: boolean;
  readonly timeout: string;
}

export async function startRollout(
  terminal: Terminal,
  { what, file }: { readonly what: string; readonly file: string | undefined },
  options: StartRolloutOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const timeoutMs = readDuration("--timeout", options.timeout);
  const started = what.includes("@")
    ? await createRollout(context, { release: what, file }, options)
    : await startDraft(context, what, options);
  if (options.wait !== true || options.draft === true) {
    context.answer(started, () => renderStarted(started));
    return;
  }
  const ended = await awaitRollout(context, started, timeoutMs);
  concludeRollout(context, ended);
}

/** A connection that breaks off leaves open whether the rollout was made: the same key asks for the same one. */
async function createRollout(
  context: Context,
  { release, file }: { readonly release: string; readonly file: string | undefined },
  options: StartRolloutOptions,
): Promise<Rollout> {
  const named = readRelease(release);
  const { plan, located } = await planOf(file, options);
  const { draft = false, overridePoisoned, at } = options;
  const json = {
    ...named,
    plan,
    start: !draft,
    ...(at === undefined ? {} : { startAtMs: readTime("--at", at) }),
    ...(overridePoisoned === undefined ? {} : { overridePoisoned: { reason: overridePoisoned } }),
  };
  const headers = { "idempotency-key": randomUUID() };
  const request = { method: "POST", path: "/v1/rollouts", answer: Rollout, json, headers } as const;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await context.api.call(request);
    } catch (error) {
      const isLost = error instanceof CliError && error.code === "BROKEN_OFF";
      if (!isLost || attempt === rolloutLimits.createAttemptsMax) throw located(error);
      await context.terminal.sleep(rolloutLimits.watchPollMs);
    }
  }
}

function startDraft(
  context: Context,
  id: string,
  { reason }: StartRolloutOptions,
): Promise<Rollout> {
  const path = `${rolloutPath(id)}:start`;
  return context.api.call({ method: "POST", path, answer: Rollout, json: { reason } });
}

function renderStarted(rollout: Rollout): string {
  const { id, state } = rollout;
  const shown = renderRollout(rollout);
  // Of a draft that says already how it begins.
  return state === "draft" ? shown : `${shown}\nfollow it with: modelfleet rollout watch ${id}`;
}
