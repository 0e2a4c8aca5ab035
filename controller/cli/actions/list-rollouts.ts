import { type Rollout, RolloutList, rolloutLimits } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { readCount } from "../read-options.ts";
import { readPages } from "../read-pages.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export interface ListRolloutsOptions extends ApiOptions {
  readonly filter?: string;
  readonly limit: string;
}

export async function listRollouts(
  terminal: Terminal,
  options: ListRolloutsOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const count = readCount("--limit", options.limit);
  const query = new URLSearchParams({
    limit: String(Math.max(1, Math.min(count, rolloutLimits.pageMax))),
    ...(options.filter === undefined ? {} : { filter: options.filter }),
  });
  const path = `/v1/rollouts?${query.toString()}`;
  const asked = {
    path,
    answer: RolloutList,
    rowsOf: ({ rollouts }: RolloutList) => rollouts,
    count,
  };
  const rollouts = await readPages(context.api, asked);
  context.answer({ rollouts }, () => render(rollouts, terminal.nowMs()));
}

function render(rollouts: readonly Rollout[], nowMs: number): string {
  if (rollouts.length === 0) {
    return "no rollout: see what one would do with modelfleet rollout plan MODEL@VERSION";
  }
  const rows = rollouts.map(({ id, model, modelVersion, state, paused, stages, ...rollout }) => [
    id,
    `${model}@${modelVersion}`,
    paused === null ? state : `${state} (${paused})`,
    stages.length === 0
      ? ""
      : `${stages.filter((stage) => ["passed", "promoted"].includes(stage.state)).length} of ${stages.length}`,
    `${stages.reduce((sum, { ok }) => sum + ok, 0)} of ${stages.reduce((sum, { counted }) => sum + counted, 0)}`,
    rollout.createdBy,
    `${age(rollout.createdAtMs, nowMs)} ago`,
  ]);
  return table(["id", "release", "state", "stages", "confirmed", "by", "made"], rows);
}
