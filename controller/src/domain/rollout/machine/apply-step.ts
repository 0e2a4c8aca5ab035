import type { RolloutState } from "@modelfleet/protocol";
import type { RolloutRecord, RolloutSnapshot, RolloutStep } from "../rollout.ts";
import type { Stage } from "../stage.ts";
import { giveTime } from "./give-time.ts";
import { type RolloutCause, requireTransition, rolloutNode } from "./rollout-table.ts";
import { stageFigures } from "./stage-figures.ts";
import { isActive, plannedStage } from "./stage-standing.ts";

/** A step that changes the rollout and its stages; `split` and `close-stage` change executions first. */
export type AppliedStep = Exclude<RolloutStep, { readonly do: "split" }>;
type StepOf<Do extends AppliedStep["do"]> = Extract<AppliedStep, { readonly do: Do }>;

const endings: ReadonlySet<RolloutState> = new Set<RolloutState>([
  "rejected",
  "denied",
  "aborted",
  "rolled-back",
  "rollback-incomplete",
  "superseded",
]);

/**
 * The snapshot after a step, ready to be stored; its version is counted by the store. Whoever carries out `close-stage`
 * lets every undecided execution meet its deadline first, and applies the step when none is left.
 *
 * @throws RangeError for a transition that the tables do not hold: a defect of ours
 */
export function applyStep(
  snapshot: RolloutSnapshot,
  step: AppliedStep,
  nowMs: number,
): RolloutSnapshot {
  const next = applied(snapshot, step, nowMs);
  return { ...next, stages: next.stages.map(withoutGone) };
}

/** A failure that was tried again with success is no longer there to be acknowledged. */
function withoutGone(stage: Stage): Stage {
  const { bad } = stageFigures(stage.counts);
  return stage.acknowledged <= bad ? stage : { ...stage, acknowledged: bad };
}

function applied(snapshot: RolloutSnapshot, step: AppliedStep, nowMs: number): RolloutSnapshot {
  switch (step.do) {
    case "rollout-to":
      return applyRolloutTo(snapshot, step, nowMs);
    case "begin-stage":
      return applyBeginStage(snapshot, step, nowMs);
    case "stage-to":
      return applyStageTo(snapshot, step, nowMs);
    case "halt":
      return applyHalt(snapshot, step, nowMs);
    case "close-stage":
      return applyCloseStage(snapshot, step, nowMs);
    case "revert":
      return applyRevert(snapshot, step, nowMs);
  }
}

type Target = Pick<RolloutRecord, "state" | "paused" | "detail">;

/** The one place where a rollout gets another state. */
export function moveRollout(
  snapshot: RolloutSnapshot,
  to: Target,
  { by, nowMs }: { readonly by: RolloutCause; readonly nowMs: number },
): RolloutSnapshot {
  const { rollout } = snapshot;
  const from = rolloutNode(rollout);
  requireTransition("rollout", { by, from, to: rolloutNode(to) });
  const startedAtMs = to.state === "running" ? (rollout.startedAtMs ?? nowMs) : rollout.startedAtMs;
  return {
    ...snapshot,
    rollout: { ...rollout, ...to, startedAtMs, ...timesAt(rollout, to, nowMs) },
  };
}

/** The one place where a stage gets another state. */
export function moveStage(
  snapshot: RolloutSnapshot,
  next: Stage,
  by: RolloutCause,
): RolloutSnapshot {
  const stages = snapshot.stages.map((stage) => {
    if (stage.stage !== next.stage) return stage;
    requireTransition("stage", { by, from: stage.state, to: next.state });
    return next;
  });
  return { ...snapshot, stages };
}

/** Stages whose devices go back, and until when. */
export function sendBack(
  snapshot: RolloutSnapshot,
  numbers: readonly number[],
  { by, deadlineAtMs }: { readonly by: RolloutCause; readonly deadlineAtMs: number },
): RolloutSnapshot {
  return numbers.reduce((sent, number) => {
    const stage = stageAt(sent, number);
    return moveStage(sent, { ...stage, state: "reverted", deadlineAtMs, bakeUntilMs: null }, by);
  }, snapshot);
}

/** @throws RangeError for a number that no stage has: a defect of ours */
export function stageAt({ stages }: RolloutSnapshot, number: number): Stage {
  const stage = stages[number];
  if (stage !== undefined) return stage;
  throw new RangeError(`expected a stage of ${stages.length}, got number ${number}`);
}

/** The watch begins with the end, and the end of the watch is no second one. */
function timesAt(
  { plan, state, endedAtMs, watchUntilMs }: RolloutRecord,
  to: Target,
  nowMs: number,
): Pick<RolloutRecord, "endedAtMs" | "watchUntilMs"> {
  if (endings.has(to.state)) return { endedAtMs: nowMs, watchUntilMs: null };
  if (!isComplete(to.state)) return { endedAtMs: null, watchUntilMs: null };
  if (!isComplete(state)) {
    return { endedAtMs: nowMs, watchUntilMs: plan.watchMs > 0 ? nowMs + plan.watchMs : null };
  }
  const isWatched = watchUntilMs !== null && nowMs < watchUntilMs;
  return { endedAtMs, watchUntilMs: isWatched ? watchUntilMs : null };
}

function isComplete(state: RolloutState): boolean {
  return state === "completed" || state === "completed-with-failures";
}

function applyRolloutTo(
  snapshot: RolloutSnapshot,
  { state, paused, detail }: StepOf<"rollout-to">,
  nowMs: number,
): RolloutSnapshot {
  return moveRollout(snapshot, { state, paused, detail }, { by: "plan", nowMs });
}

/** A stage that was held as inconclusive takes the rollout out of its pause with it. */
function applyBeginStage(
  snapshot: RolloutSnapshot,
  { stage: number, deadlineAtMs }: StepOf<"begin-stage">,
  nowMs: number,
): RolloutSnapshot {
  const stage = stageAt(snapshot, number);
  const startedAtMs = stage.startedAtMs ?? nowMs;
  const next: Stage = { ...stage, state: "deploying", detail: null, startedAtMs, deadlineAtMs };
  const begun = moveStage(snapshot, next, "plan");
  if (snapshot.rollout.paused !== "inconclusive") return begun;
  return moveRollout(
    giveTime(begun, nowMs),
    { state: "running", paused: null, detail: null },
    { by: "plan", nowMs },
  );
}

/** A stage that needs a person makes the rollout stand. */
function applyStageTo(
  snapshot: RolloutSnapshot,
  { stage, state, detail, bakeUntilMs }: StepOf<"stage-to">,
  nowMs: number,
): RolloutSnapshot {
  const next = { ...stageAt(snapshot, stage), state, detail, bakeUntilMs };
  const moved = moveStage(snapshot, next, "plan");
  const to = (paused: "review" | "inconclusive") =>
    moveRollout(moved, { state: "paused", paused, detail }, { by: "plan", nowMs });
  if (state === "awaiting-review") return to("review");
  return state === "inconclusive" ? to("inconclusive") : moved;
}

/** After the end there is nothing to pause: a stage that fails then is told, and its late devices get no orders. */
function applyHalt(
  snapshot: RolloutSnapshot,
  { stage, detail }: StepOf<"halt">,
  nowMs: number,
): RolloutSnapshot {
  const next: Stage = { ...stageAt(snapshot, stage), state: "failed", detail, bakeUntilMs: null };
  const moved = moveStage(snapshot, next, "plan");
  const to: Target = isComplete(snapshot.rollout.state)
    ? { state: "completed-with-failures", paused: null, detail }
    : { state: "paused", paused: "halt", detail };
  return moveRollout(moved, to, { by: "plan", nowMs });
}

/** The active stage gets as long again for devices that come back; the deadline of a passed one is behind it. */
function applyCloseStage(
  snapshot: RolloutSnapshot,
  { stage: number }: StepOf<"close-stage">,
  nowMs: number,
): RolloutSnapshot {
  const stage = stageAt(snapshot, number);
  const again = nowMs + plannedStage(snapshot, stage).deadlineMs;
  const next = { ...stage, deadlineAtMs: isActive(stage) ? again : null };
  return { ...snapshot, stages: snapshot.stages.map((one) => (one === stage ? next : one)) };
}

function applyRevert(
  snapshot: RolloutSnapshot,
  { stages, state, deadlineAtMs }: StepOf<"revert">,
  nowMs: number,
): RolloutSnapshot {
  const sent = sendBack(snapshot, stages, { by: "plan", deadlineAtMs });
  const { detail } = snapshot.rollout;
  if (state === "paused") return sent;
  return moveRollout(sent, { state, paused: null, detail }, { by: "plan", nowMs });
}
