/** What must hold of every rollout, reckoned without its machine: from the devices, and from what the words mean. */
import type { ExecutionState, PlanStage } from "@modelfleet/protocol";
import { rolloutNode } from "../../../controller/src/domain/rollout/machine/rollout-table.ts";
import type { RolloutSnapshot } from "../../../controller/src/domain/rollout/rollout.ts";
import type { Stage } from "../../../controller/src/domain/rollout/stage.ts";
import type { RolloutRig } from "./rollout-rig.ts";

const active = ["deploying", "baking", "evaluating", "awaiting-review", "inconclusive"];
const behind = ["passed", "promoted", "failed", "reverted"];
const final = ["rejected", "denied", "aborted", "rolled-back", "superseded"];
const offering = ["running", "completed", "completed-with-failures"];
const bad: readonly ExecutionState[] = ["failed", "rejected", "timed-out", "rolled-back"];
const out: readonly ExecutionState[] = ["canceled", "removed", "skipped"];

/** Nothing is lost and nothing counted twice; the stages stand in their order. */
export function conserves(rig: RolloutRig, devices: number): void {
  const { stages, rollout } = rig.snapshot();
  if (stages.length === 0) return;
  const total = stages.reduce((sum, stage) => sum + sizeOf(stage), 0);
  must(total === devices, `${devices} devices in all stages, got ${total}`);
  must(rollout.devices === devices, `a target set of ${devices}, got ${rollout.devices}`);
  standInOrder(stages);
  const underWay = stages.filter(({ state }) => active.includes(state));
  must(underWay.length <= 1, `at most one active stage, got ${underWay.length}`);
  if (rig.isSettled && rollout.state === "running" && underWay.length === 0) {
    const isLate = stages.every(({ state }) => behind.includes(state));
    must(
      isLate && stages.some(isUndecided),
      "an active stage, or undecided devices of passed ones",
    );
  }
  for (const { acknowledged, counts, state } of stages) {
    const failures = counted(counts.tally, bad);
    const isKnown = acknowledged <= failures || state === "reverted";
    must(isKnown, `at most ${failures} acknowledged, got ${acknowledged}`);
  }
}

/** One change of a rollout: nothing passes that must not, and what has ended stays so. */
export function staysTrue(before: RolloutSnapshot, after: RolloutSnapshot): void {
  const [from, to] = [rolloutNode(before.rollout), rolloutNode(after.rollout)];
  must(!final.includes(from) || from === to, `${from} to stay, got ${to}`);
  if (from === "paused (halt)" && to === "running") {
    const isKnown = before.stages.every(
      (stage) => stage.state !== "failed" || acknowledges(after.stages[stage.stage], stage),
    );
    must(isKnown, "that what failed is acknowledged when a halted rollout goes on");
  }
  for (const stage of after.stages) {
    const was = before.stages[stage.stage]?.state;
    if (stage.state !== "passed" || was === "passed") continue;
    must(was !== "failed", "that a failed stage never passes");
    must(mayPass(stage, after.rollout.plan.stages[stage.stage]), "a quorum of a stage that passes");
  }
}

/** Orders are given only while it runs or is over, and only where the stage is deploying or passed. */
export function offersOnlyWhenItMay({ rollout, stages }: RolloutSnapshot, number: number): void {
  must(offering.includes(rollout.state), `no order of a rollout that is ${rollout.state}`);
  const state = stages[number]?.state ?? "pending";
  const isOpen = ["deploying", "passed", "promoted"].includes(state);
  must(isOpen, `no order of a stage that is ${state}`);
}

/** When all devices are there and do what they are told, it ends, or waits for a person. */
export function comesToAnEnd(rig: RolloutRig, hourMs: number): void {
  const restful =
    /^(draft|awaiting-approval|paused.*|completed.*|rejected|denied|ab.*ed|.*rolled-back|superseded)$/;
  for (const device of rig.devices) device.isOnline = true;
  rig.settle();
  for (let round = 0; round < 8; round++) {
    for (const device of rig.devices) rig.obey(device);
    rig.pass(hourMs);
  }
  must(restful.test(rig.node), `an end, or a person to wait for, got ${rig.node}`);
}

function standInOrder(stages: readonly Stage[]): void {
  const begun = stages.findLastIndex(({ state }) => state !== "pending");
  for (const { state } of stages.slice(0, Math.max(begun, 0))) {
    must(behind.includes(state), `an earlier stage that is behind, got ${state}`);
  }
}

function acknowledges(after: Stage | undefined, before: Stage): boolean {
  return after?.acknowledged === counted(before.counts.tally, bad);
}

/** By the rules of rollouts.md 3, from the counts alone. */
function mayPass({ counts, acknowledged }: Stage, planned: PlanStage | undefined): boolean {
  const { tally, alreadyInstalled } = counts;
  const ok = (tally.succeeded ?? 0) + alreadyInstalled;
  const failures = counted(tally, bad);
  const away = tally.straggler ?? 0;
  const size = Object.values(tally).reduce((sum, count) => sum + count, 0);
  const n = size - counted(tally, out) - away + alreadyInstalled;
  if (n + away === 0) return true;
  if (planned === undefined) return false;
  const { successPercent, errorPercent, errorsMax, decidedMin } = planned.thresholds;
  const isTripped = failures * 100 > errorPercent * n || failures > (errorsMax ?? failures);
  const isEnough = ok + failures >= Math.min(decidedMin, n + away);
  return ok * 100 >= successPercent * n && isEnough && (!isTripped || failures <= acknowledged);
}

function isUndecided({ counts: { tally, alreadyInstalled } }: Stage): boolean {
  const { straggler = 0, succeeded = 0 } = tally;
  const known = counted(tally, bad) + counted(tally, out) + straggler + succeeded;
  return sizeOf({ counts: { tally, alreadyInstalled } }) > known;
}

function sizeOf({ counts }: Pick<Stage, "counts">): number {
  return Object.values(counts.tally).reduce((sum, count) => sum + count, 0);
}

function counted(tally: Stage["counts"]["tally"], states: readonly ExecutionState[]): number {
  return states.reduce((sum, state) => sum + (tally[state] ?? 0), 0);
}

/** `expect` takes longer than the machines. */
function must(holds: boolean, expected: string): void {
  if (!holds) throw new Error(`expected ${expected}`);
}
