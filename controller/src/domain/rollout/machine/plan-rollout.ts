import type { RolloutSnapshot, RolloutStep } from "../rollout.ts";
import type { Stage } from "../stage.ts";
import { planStage } from "./plan-stage.ts";
import { stageFigures, sum } from "./stage-figures.ts";
import { isPassed, isSendable, plannedStage, undecidedOf, verdictOf } from "./stage-standing.ts";

/**
 * The next step of a rollout, or nothing while it waits for time, a device or a person. Rules, the first that holds
 * decides:
 *
 * 1. A rollout that was started is split; one that nobody can take is rejected. Then it waits for a second person where
 *    that is asked for, then for its time, then it runs.
 * 2. When every device it counted was called off, by newer orders or by hand, it is superseded.
 * 3. In every state from `running` to its end, also while it is paused, held, in review or over, each stage that has
 *    begun is judged. A verdict `halt` fails the stage and stands the rollout still; an early stage that was passed
 *    long ago, too: a device that falls back re-opens its count. After the end there is nothing to stand still; the stage
 *    fails, and that is told.
 * 4. After a halt the plan may send back the stage, or the rollout. After the end it does so only while it is watched.
 * 5. While it runs, undecided executions of a stage meet its deadline; then the one stage that is not passed goes on
 *    (`planStage`). A stage begins only when the one before is passed, by its quorum or by a person.
 * 6. It is complete when every stage is passed and nothing is undecided before its deadline; with failures, when there is
 *    a bad one. Passed stages offer what is left of them until then. Stragglers do not hold it up: also after the end
 *    they get the release when they come back, under the same rate, as long as their stage stays passed
 *    (`offeringStages`).
 * 7. An inconclusive stage goes on by itself when there is more to decide by: devices are back, or were told to try again.
 *    A review only ends by a person, a halt and a pause too.
 * 8. An abort is over when all is called off or sent back, a rollback when every device is back. At the deadline the
 *    missing are counted; when the last of them has gone back, the rollback is whole.
 * 9. The watch after the end is over at its time.
 */
export function planRollout(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  switch (snapshot.rollout.state) {
    case "validating":
      return planValidation(snapshot, nowMs);
    case "awaiting-approval":
      return planSuperseded(snapshot);
    case "scheduled":
      return planSuperseded(snapshot) ?? planStart(snapshot, nowMs);
    case "running":
      return planSuperseded(snapshot) ?? planHalt(snapshot) ?? planRunning(snapshot, nowMs);
    case "paused":
      return planSuperseded(snapshot) ?? planHalt(snapshot) ?? planPaused(snapshot, nowMs);
    case "completed":
    case "completed-with-failures":
      return planHalt(snapshot) ?? planWatch(snapshot, nowMs);
    case "aborting":
      return planAborting(snapshot, nowMs);
    case "rolling-back":
    case "rollback-incomplete":
      return planRollingBack(snapshot, nowMs);
    case "draft":
    case "rejected":
    case "denied":
    case "aborted":
    case "rolled-back":
    case "superseded":
      return undefined;
  }
}

/** Rule 1. */
function planValidation(snapshot: RolloutSnapshot, nowMs: number): RolloutStep {
  const { rollout, stages } = snapshot;
  if (stages.length === 0) return { do: "split" };
  const isEmpty = stages.every(isEmptyStage) && rollout.control === 0;
  if (isEmpty) return rolloutTo("rejected", "no device that it selects can take the release");
  if (rollout.approval.state === "awaiting-approval") {
    return rolloutTo("awaiting-approval", "a second person must approve it");
  }
  return planStart(snapshot, nowMs) ?? rolloutTo("scheduled", null);
}

/** Rule 1. */
function planStart({ rollout }: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const isTime = rollout.startAtMs === null || nowMs >= rollout.startAtMs;
  return isTime ? rolloutTo("running", null) : undefined;
}

/** Rule 2. The control cohort is in no stage before the last one has begun. */
function planSuperseded({
  rollout,
  stages,
  waitingJoiners,
}: RolloutSnapshot): RolloutStep | undefined {
  const isControlAside = rollout.control > 0 && stages.at(-1)?.state === "pending";
  if (waitingJoiners > 0 || isControlAside || !stages.every(isEmptyStage)) return undefined;
  const canceled = total(stages, "canceled");
  if (canceled === 0) return undefined;
  return rolloutTo(
    "superseded",
    `none of its devices is left; newer orders or an operator have taken ${canceled}`,
  );
}

/** Rule 3. */
function planHalt(snapshot: RolloutSnapshot): RolloutStep | undefined {
  for (const stage of snapshot.stages) {
    if (!isSendable(stage) || stage.state === "failed") continue;
    const verdict = verdictOf(snapshot, stage);
    if (verdict.kind === "halt") {
      return {
        do: "halt",
        stage: stage.stage,
        detail: `stage ${stage.stage + 1}: ${verdict.sentence}`,
      };
    }
  }
  return undefined;
}

/** Rules 4 and 7. */
function planPaused(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const { rollout, stages } = snapshot;
  if (rollout.paused === "halt") return planAfterFailure(snapshot, nowMs);
  const held = stages.find(({ state }) => state === "inconclusive");
  if (rollout.paused !== "inconclusive" || held === undefined) return undefined;
  const isStill = undecidedOf(held) === 0 && verdictOf(snapshot, held).kind === "wait";
  return isStill ? undefined : beginStage(snapshot, held, nowMs);
}

/** Rule 4. */
function planAfterFailure(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const { stages, rollout } = snapshot;
  const failed = stages.filter(({ state }) => state === "failed");
  if (rollout.plan.onFailure === "pause" || failed.length === 0) return undefined;
  const isWhole = rollout.plan.onFailure === "revert";
  return revert(snapshot, {
    stages: isWhole ? stages.filter(isSendable) : failed,
    state: isWhole ? "rolling-back" : "paused",
    nowMs,
  });
}

/** Rules 5 and 6. */
function planRunning(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const { stages } = snapshot;
  const due = stages.find(
    ({ state, deadlineAtMs }) =>
      state !== "reverted" && deadlineAtMs !== null && nowMs >= deadlineAtMs,
  );
  if (due !== undefined) {
    const { stragglers } = plannedStage(snapshot, due);
    return { do: "close-stage", stage: due.stage, stragglers };
  }
  const current = stages.find((stage) => !isPassed(stage));
  if (current === undefined) return planCompletion(snapshot);
  if (current.state === "pending") return beginStage(snapshot, current, nowMs);
  return planStage(snapshot, current, nowMs);
}

/** Rule 6. */
function planCompletion({ stages }: RolloutSnapshot): RolloutStep | undefined {
  if (stages.some((stage) => stage.deadlineAtMs !== null && undecidedOf(stage) > 0))
    return undefined;
  const figures = stages.map(({ counts }) => stageFigures(counts));
  const bad = figures.reduce((sum, stage) => sum + stage.bad, 0);
  const deferred = figures.reduce((sum, stage) => sum + stage.deferred, 0);
  const late =
    deferred === 0 ? null : `devices that get it when they are online again: ${deferred}`;
  return rolloutTo(bad === 0 ? "completed" : "completed-with-failures", late);
}

/** Rules 4 and 9. */
function planWatch(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const { rollout, stages } = snapshot;
  if (rollout.watchUntilMs === null) return undefined;
  if (nowMs >= rollout.watchUntilMs) return rolloutTo(rollout.state, rollout.detail);
  const hasFailed = stages.some(({ state }) => state === "failed");
  if (!hasFailed || rollout.plan.onFallback !== "revert") return undefined;
  return revert(snapshot, { stages: stages.filter(isSendable), state: "rolling-back", nowMs });
}

/** Rule 8. */
function planAborting(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const missing = missingFrom(snapshot);
  if (missing === 0) return rolloutTo("aborted", snapshot.rollout.detail);
  if (!isPastReturn(snapshot, nowMs)) return undefined;
  return rolloutTo("aborted", stillAway(missing));
}

/** Rule 8. */
function planRollingBack(snapshot: RolloutSnapshot, nowMs: number): RolloutStep | undefined {
  const missing = missingFrom(snapshot);
  if (missing === 0) return rolloutTo("rolled-back", snapshot.rollout.detail);
  if (snapshot.rollout.state !== "rolling-back" || !isPastReturn(snapshot, nowMs)) return undefined;
  const detail = stillAway(missing);
  return rolloutTo("rollback-incomplete", detail);
}

function missingFrom({ stages, leftToSettle }: RolloutSnapshot): number {
  return leftToSettle + total(stages, "reverting");
}

function stillAway(missing: number): string {
  return `devices that go back when they return: ${missing}`;
}

function isPastReturn({ stages }: RolloutSnapshot, nowMs: number): boolean {
  const sent = stages.filter(({ state }) => state === "reverted");
  return sent.length > 0 && sent.every(({ deadlineAtMs }) => nowMs >= (deadlineAtMs ?? nowMs));
}

function rolloutTo(
  state: Extract<RolloutStep, { do: "rollout-to" }>["state"],
  detail: string | null,
): RolloutStep {
  return { do: "rollout-to", state, paused: null, detail };
}

function beginStage(snapshot: RolloutSnapshot, stage: Stage, nowMs: number): RolloutStep {
  const deadlineAtMs = nowMs + plannedStage(snapshot, stage).deadlineMs;
  return { do: "begin-stage", stage: stage.stage, deadlineAtMs };
}

function revert(
  { rollout }: RolloutSnapshot,
  back: {
    readonly stages: readonly Stage[];
    readonly state: "paused" | "rolling-back";
    readonly nowMs: number;
  },
): RolloutStep {
  const stages = back.stages.map(({ stage }) => stage);
  const deadlineAtMs = back.nowMs + rollout.plan.timeouts.executionMs;
  return { do: "revert", stages, state: back.state, deadlineAtMs };
}

function isEmptyStage({ counts }: Stage): boolean {
  const { counted, deferred } = stageFigures(counts);
  return counted + deferred === 0;
}

function total(stages: readonly Stage[], state: "canceled" | "reverting"): number {
  return stages.reduce((all, { counts }) => all + sum(counts.tally, (one) => one === state), 0);
}
