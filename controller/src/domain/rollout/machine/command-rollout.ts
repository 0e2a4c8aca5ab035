import type { CommandAnswer, RolloutCommand, RolloutSnapshot } from "../rollout.ts";
import type { Stage } from "../stage.ts";
import { moveRollout, moveStage, sendBack } from "./apply-step.ts";
import { giveTime } from "./give-time.ts";
import { rolloutNode, statesAllowing } from "./rollout-table.ts";
import { acknowledged, isActive, isSendable } from "./stage-standing.ts";

type Kind = RolloutCommand["kind"];
type CommandOf<Which extends Kind> = Extract<RolloutCommand, { readonly kind: Which }>;
/** What a rollout's own plan may do without a person: all that makes it do less. */
const automatic: ReadonlySet<Kind> = new Set<Kind>(["pause", "abort", "rollback"]);

/**
 * What a person's word makes of a rollout. The version of the answer is counted by the store. Rules:
 *
 * 1. A word that the state does not allow is refused, and told which states do (`statesAllowing`).
 * 2. Start makes a draft be checked and split, and does not wait for the time of a scheduled one. Approve and deny are only
 *    about the rollout itself, before anything is offered.
 * 3. Resume after a halt acknowledges all failures counted so far in the stages that failed: only further ones trip again.
 *    Such a stage goes on, or counts as promoted where a later one has begun. Whoever waited is given time again:
 *    deadlines begin anew, as they do when a person promotes. A review is not passed by it, and a stage that was sent back does not go on.
 * 4. Promote passes the active stage, whatever its figures; after a halt only resume helps, so nobody passes over failures
 *    without acknowledging them.
 * 5. Abort with `keep` leaves devices that serve the release as they are, with `revert` every begun stage goes back, as it
 *    does with a rollback. Whatever has not begun to serve is called off.
 * 6. Retry gives failed devices one order more each, and what is tried again is acknowledged no more. The caller stores
 *    the devices first. After the end it makes a stage that failed then offer again.
 */
export function commandRollout(
  snapshot: RolloutSnapshot,
  command: RolloutCommand,
  nowMs: number,
): CommandAnswer {
  const allowing = statesAllowing(command.kind);
  const node = rolloutNode(snapshot.rollout);
  if (!allowing.includes(node)) {
    return refused(`${command.kind}: expected a rollout that is ${listed(allowing)}, got ${node}`);
  }
  switch (command.kind) {
    case "start":
      return start(snapshot, nowMs);
    case "approve":
      return approve(snapshot, command, nowMs);
    case "deny":
      return stand(snapshot, { state: "denied", paused: null, command }, nowMs);
    case "pause":
      return stand(snapshot, { state: "paused", paused: "operator", command }, nowMs);
    case "resume":
      return resume(snapshot, command, nowMs);
    case "promote":
      return promote(snapshot, command, nowMs);
    case "abort":
      return abort(snapshot, command, nowMs);
    case "rollback":
      return rollback(snapshot, command, nowMs);
    case "retry-failed":
      return retryFailed(snapshot);
  }
}

/**
 * The same for an automatic actor, like a gate or a watcher outside: it may pause, abort and roll back, and nothing that
 * makes a rollout go on. That it is the actor's own rollout is for the caller to make sure.
 */
export function commandAutomatically(
  snapshot: RolloutSnapshot,
  command: RolloutCommand,
  nowMs: number,
): CommandAnswer {
  if (automatic.has(command.kind)) return commandRollout(snapshot, command, nowMs);
  return refused(
    `${command.kind}: expected a person, got an automatic actor, which may only ${listed([...automatic])}`,
  );
}

/** Rule 2. */
function start(snapshot: RolloutSnapshot, nowMs: number): CommandAnswer {
  const state = snapshot.rollout.state === "draft" ? "validating" : "running";
  return done(moveRollout(snapshot, { state, paused: null, detail: null }, { by: "start", nowMs }));
}

/** Rule 2. */
function approve(
  snapshot: RolloutSnapshot,
  { approval }: CommandOf<"approve">,
  nowMs: number,
): CommandAnswer {
  const { startAtMs } = snapshot.rollout;
  const state = startAtMs !== null && startAtMs > nowMs ? "scheduled" : "running";
  const to = { state, paused: null, detail: null } as const;
  const moved = moveRollout(snapshot, to, { by: "approve", nowMs });
  return done({ ...moved, rollout: { ...moved.rollout, approval } });
}

function stand(
  snapshot: RolloutSnapshot,
  to: {
    readonly state: "denied" | "paused";
    readonly paused: "operator" | null;
    readonly command: CommandOf<"deny" | "pause">;
  },
  nowMs: number,
): CommandAnswer {
  const { state, paused, command } = to;
  const target = { state, paused, detail: command.reason };
  return done(moveRollout(snapshot, target, { by: command.kind, nowMs }));
}

/** Rule 3. */
function resume(
  snapshot: RolloutSnapshot,
  { reason }: CommandOf<"resume">,
  nowMs: number,
): CommandAnswer {
  const sent = snapshot.stages.find(({ state }) => state === "reverted");
  if (sent !== undefined) {
    return refused(
      `resume: expected stages that were not sent back, got stage ${sent.stage + 1}, which was: abort it or roll it back`,
    );
  }
  const timed = giveTime(snapshot, nowMs);
  const going = timed.stages.reduce(goOn, timed);
  const isInReview = timed.stages.some(({ state }) => state === "awaiting-review");
  const to = isInReview
    ? ({ state: "paused", paused: "review", detail: reason } as const)
    : ({ state: "running", paused: null, detail: reason } as const);
  return done(moveRollout(going, to, { by: "resume", nowMs }));
}

function goOn(snapshot: RolloutSnapshot, stage: Stage): RolloutSnapshot {
  const { state } = stage;
  if (state !== "failed" && state !== "inconclusive") return snapshot;
  const hasLater = snapshot.stages.some(
    (one) => one.stage > stage.stage && one.state !== "pending",
  );
  const known = state === "failed" ? acknowledged(stage) : stage;
  const next = state === "failed" && hasLater ? "promoted" : "deploying";
  return moveStage(snapshot, { ...known, state: next, detail: null }, "resume");
}

/** Rule 4. */
function promote(
  snapshot: RolloutSnapshot,
  { reason }: CommandOf<"promote">,
  nowMs: number,
): CommandAnswer {
  const active = snapshot.stages.find(isActive);
  if (active === undefined) return refused("promote: expected a stage that is under way, got none");
  const next = { ...promoted(active), detail: reason };
  const to = { state: "running", paused: null, detail: null } as const;
  const passed = moveStage(snapshot, next, "promote");
  return done(moveRollout(giveTime(passed, nowMs), to, { by: "promote", nowMs }));
}

function promoted(stage: Stage): Stage {
  return asPromoted(acknowledged(stage));
}

function asPromoted(stage: Stage): Stage {
  return { ...stage, state: "promoted", bakeUntilMs: null };
}

/** Rule 5. */
function abort(
  snapshot: RolloutSnapshot,
  { reason, devices }: CommandOf<"abort">,
  nowMs: number,
): CommandAnswer {
  const to = { state: "aborting", paused: null, detail: reason } as const;
  const moved = moveRollout(snapshot, to, { by: "abort", nowMs });
  const ended = { ...moved, rollout: { ...moved.rollout, abort: devices } };
  return done(devices === "keep" ? ended : allBack(ended, "abort", nowMs));
}

/** Rule 5. */
function rollback(
  snapshot: RolloutSnapshot,
  { reason }: CommandOf<"rollback">,
  nowMs: number,
): CommandAnswer {
  const to = { state: "rolling-back", paused: null, detail: reason } as const;
  const moved = moveRollout(snapshot, to, { by: "rollback", nowMs });
  return done(allBack(moved, "rollback", nowMs));
}

/** Rule 6. */
function retryFailed(snapshot: RolloutSnapshot): CommandAnswer {
  const { state } = snapshot.rollout;
  const stages = snapshot.stages.map(withoutRetried);
  const next = { ...snapshot, stages };
  if (state === "running" || state === "paused") return done(next);
  const failed = stages.filter((stage) => stage.state === "failed");
  const offering = failed.reduce<RolloutSnapshot>(
    (moved, stage) => moveStage(moved, asPromoted(stage), "retry-failed"),
    next,
  );
  return done(offering);
}

/** Rejected devices keep their end, so only they stay acknowledged. */
function withoutRetried(stage: Stage): Stage {
  const kept = stage.counts.tally.rejected ?? 0;
  return { ...stage, acknowledged: Math.min(stage.acknowledged, kept) };
}

function allBack(
  snapshot: RolloutSnapshot,
  by: "abort" | "rollback",
  nowMs: number,
): RolloutSnapshot {
  const numbers = snapshot.stages.filter(isSendable).map(({ stage }) => stage);
  const deadlineAtMs = nowMs + snapshot.rollout.plan.timeouts.executionMs;
  return sendBack(snapshot, numbers, { by, deadlineAtMs });
}

function done(snapshot: RolloutSnapshot): CommandAnswer {
  return { kind: "done", snapshot };
}

function refused(sentence: string): CommandAnswer {
  return { kind: "refused", sentence };
}

function listed(names: readonly string[]): string {
  const [first = "", ...rest] = names.toReversed();
  return rest.length === 0 ? first : `${rest.toReversed().join(", ")} or ${first}`;
}
