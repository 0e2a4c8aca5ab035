import type {
  Approval,
  Labels,
  ModelName,
  PauseReason,
  ReleaseVersion,
  RolloutPlan,
  Sha256,
} from "@modelfleet/protocol";
import type { Insertable, Selectable } from "kysely";
import { isCancelable } from "../../../domain/rollout/machine/execution-states.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import { isOver } from "../../../domain/rollout/rollout-ends.ts";
import type { Stage, StageCounts } from "../../../domain/rollout/stage.ts";
import type { RolloutStagesTable, RolloutsTable, RolloutTalliesTable } from "./rollout-tables.ts";

/** In place of a stage: later joiners, and the control cohort, until the last stage takes them in. */
export const NO_STAGE = -1;
export const CONTROL = -2;

export function rolloutRow(rollout: RolloutRecord): Insertable<RolloutsTable> {
  const { id, model, release, plan, seed, createdBy } = rollout;
  return {
    ...{ id, model, release, seed, slot: plan.slot, priority: plan.priority },
    model_version: rollout.modelVersion,
    plan: JSON.stringify(plan),
    created_by: createdBy,
    scope: JSON.stringify(rollout.scope),
    created_at_ms: rollout.createdAtMs,
    offered: 0,
    ...changingColumns(rollout),
  };
}

/** What the life of a rollout changes. */
export function changingColumns(rollout: RolloutRecord) {
  const { version, state, paused, detail, abort, approval, devices, control } = rollout;
  return {
    ...{ version, state, paused, detail, abort, devices, control },
    approval: JSON.stringify(approval),
    start_at_ms: rollout.startAtMs,
    started_at_ms: rollout.startedAtMs,
    ended_at_ms: rollout.endedAtMs,
    watch_until_ms: rollout.watchUntilMs,
    is_over: isOver(state) ? 1 : 0,
  };
}

export function rolloutOf(row: Selectable<RolloutsTable>): RolloutRecord {
  const { id, version, seed, state, detail, devices, control } = row;
  return {
    ...{ id, version, seed, state, detail, devices, control },
    model: row.model as ModelName,
    modelVersion: row.model_version as ReleaseVersion,
    release: row.release as Sha256,
    plan: JSON.parse(row.plan) as RolloutPlan,
    paused: row.paused as PauseReason | null,
    abort: row.abort as RolloutRecord["abort"],
    approval: JSON.parse(row.approval) as Approval,
    createdBy: row.created_by,
    scope: JSON.parse(row.scope) as Labels,
    createdAtMs: row.created_at_ms,
    startAtMs: row.start_at_ms,
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    watchUntilMs: row.watch_until_ms,
  };
}

export function stageRow(
  rollout: string,
  stage: Omit<Stage, "counts">,
): Selectable<RolloutStagesTable> {
  return {
    ...{ rollout, stage: stage.stage, state: stage.state, detail: stage.detail },
    started_at_ms: stage.startedAtMs,
    deadline_at_ms: stage.deadlineAtMs,
    bake_until_ms: stage.bakeUntilMs,
    acknowledged: stage.acknowledged,
  };
}

/** @param tallies of this rollout */
export function snapshotOf(
  row: Selectable<RolloutsTable>,
  stages: readonly Selectable<RolloutStagesTable>[],
  tallies: readonly Selectable<RolloutTalliesTable>[],
): RolloutSnapshot {
  const joiners = tallies.find(({ stage, state }) => stage === NO_STAGE && state === "queued");
  return {
    rollout: rolloutOf(row),
    stages: stages.map((stage) => ({
      ...{ stage: stage.stage, state: stage.state, detail: stage.detail },
      startedAtMs: stage.started_at_ms,
      deadlineAtMs: stage.deadline_at_ms,
      bakeUntilMs: stage.bake_until_ms,
      acknowledged: stage.acknowledged,
      counts: countsOf(tallies.filter((tally) => tally.stage === stage.stage)),
    })),
    waitingJoiners: joiners?.count ?? 0,
    leftToSettle: isSettling(row) ? leftToSettle(row, tallies) : 0,
  };
}

function isSettling({ state }: Selectable<RolloutsTable>): boolean {
  return state === "aborting" || state === "rolling-back";
}

/** What has to be canceled; and, unless devices keep it, who is still told to run it and can be sent back. */
function leftToSettle(
  { abort }: Selectable<RolloutsTable>,
  tallies: readonly Selectable<RolloutTalliesTable>[],
): number {
  const left = tallies.map(({ state, count, returnable }) => {
    if (isCancelable(state)) return count;
    return abort === "keep" ? 0 : returnable;
  });
  return left.reduce((sum, count) => sum + count, 0);
}

function countsOf(tallies: readonly Selectable<RolloutTalliesTable>[]): StageCounts {
  const some = tallies.filter(({ count }) => count > 0);
  return {
    tally: Object.fromEntries(some.map(({ state, count }) => [state, count])),
    alreadyInstalled: some.reduce((sum, { installed }) => sum + installed, 0),
  };
}
