import type { ExecutionState } from "@modelfleet/protocol";
import type { ExecutionEvent } from "../../../controller/src/domain/rollout/execution.ts";
import { advanceExecution } from "../../../controller/src/domain/rollout/machine/advance-execution.ts";
import { applyStep } from "../../../controller/src/domain/rollout/machine/apply-step.ts";
import { commandRollout } from "../../../controller/src/domain/rollout/machine/command-rollout.ts";
import {
  isCancelable,
  isUndecided,
} from "../../../controller/src/domain/rollout/machine/execution-states.ts";
import { freshExecution } from "../../../controller/src/domain/rollout/machine/fresh-execution.ts";
import { offeringStages } from "../../../controller/src/domain/rollout/machine/offering-stages.ts";
import { pendingStage } from "../../../controller/src/domain/rollout/machine/pending-stage.ts";
import { planRollout } from "../../../controller/src/domain/rollout/machine/plan-rollout.ts";
import {
  type RolloutCause,
  rolloutNode,
} from "../../../controller/src/domain/rollout/machine/rollout-table.ts";
import type {
  RolloutCommand,
  RolloutSnapshot,
  RolloutStep,
} from "../../../controller/src/domain/rollout/rollout.ts";
import { item, ours, report, slot } from "./execution-facts.ts";
import { type RigDevice, talliesOf } from "./rig-device.ts";
import { draft, type RigPlan } from "./rollout-facts.ts";

const ROUNDS_MAX = 200;

/** Whoever watches a rig is told of each change before it is taken over, and may throw. */
export interface RigWatch {
  readonly changed?: (before: RolloutSnapshot, after: RolloutSnapshot) => void;
  readonly offered?: (snapshot: RolloutSnapshot, stage: number) => void;
}

/**
 * A rollout with its devices, in memory and without choices: what is planned is carried out, orders are given without
 * rate, and whoever has to go back is told so. Nothing happens to a device unless it is asked to.
 */
export class RolloutRig {
  nowMs = 0;
  readonly devices: RigDevice[];
  /** `machine:cause:from:to` of all that happened. */
  readonly seen: Set<string>;
  readonly #watch: RigWatch;
  /** Whether everything that follows by itself has followed. */
  isSettled = true;
  #snapshot: RolloutSnapshot;
  #seq = 0;
  #roundsMax = ROUNDS_MAX;

  constructor(plan: RigPlan, watch: RigWatch = {}, seen = new Set<string>()) {
    this.#watch = watch;
    this.seen = seen;
    this.#snapshot = draft(plan);
    this.devices = plan.sizes.flatMap((size, stage) =>
      Array.from({ length: size }, () => this.#device(stage)),
    );
  }

  /** As the store would give it: counts follow from the devices. */
  snapshot(): RolloutSnapshot {
    const stages = talliesOf(this.#snapshot.stages, this.devices);
    const leftToSettle = this.devices.filter((device) => this.#isToSettle(device)).length;
    return { ...this.#snapshot, stages, leftToSettle };
  }

  get node(): string {
    return rolloutNode(this.#snapshot.rollout);
  }

  stageStates(): readonly string[] {
    return this.#snapshot.stages.map(({ state }) => state);
  }

  states(stage: number): readonly ExecutionState[] {
    return this.devices.filter((one) => one.stage === stage).map((one) => one.execution.state);
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.settle();
  }

  /** Everything that follows by itself now, to the end. */
  settle(): void {
    const rounds = this.#roundsMax;
    this.#roundsMax = ROUNDS_MAX;
    for (let round = 0; round < rounds; round++) {
      this.isSettled = !this.#round();
      if (this.isSettled) return;
    }
    if (rounds < ROUNDS_MAX) return;
    throw new RangeError(`expected an end within ${ROUNDS_MAX} rounds, got ${this.node}`);
  }

  /** Something comes in between the next time: only so many rounds follow. */
  hurry(rounds: number): void {
    this.#roundsMax = rounds;
  }

  /** @returns why it was refused; undefined: it was done */
  say(command: RolloutCommand): string | undefined {
    const isRetry = command.kind === "retry-failed";
    const before = this.snapshot();
    const tried = commandRollout(before, command, this.nowMs);
    if (tried.kind === "refused") return tried.sentence;
    if (isRetry) for (const device of this.devices) this.#retry(device);
    const answer = isRetry ? commandRollout(this.snapshot(), command, this.nowMs) : tried;
    if (answer.kind === "refused") throw new RangeError(answer.sentence);
    this.#store(answer.snapshot, command.kind, !isRetry);
    this.settle();
    return undefined;
  }

  happen(device: RigDevice, event: ExecutionEvent): boolean {
    const before = device.execution;
    const { rollout } = this.#snapshot;
    const policy = {
      release: ours,
      timeouts: rollout.plan.timeouts,
      retries: rollout.plan.retries,
    };
    const context = { policy, nowMs: this.nowMs, chance: 0 };
    device.execution = advanceExecution(before, event, context).next;
    return device.execution !== before;
  }

  /** The device takes its newest order to the end, and what follows follows. */
  obey(device: RigDevice): void {
    this.follow(device);
    this.settle();
  }

  /** The device takes its newest order to the end, whatever that is. */
  follow(device: RigDevice): void {
    const { seq, state } = device.execution;
    if (!device.isOnline || seq === null) return;
    const isBack = state === "reverting";
    const items = isBack ? [] : [item("activated"), item("confirmed")];
    const active = isBack || !device.isTold ? {} : { active: ours };
    this.happen(device, report(seq, device.isTold ? items : [], slot(active)));
  }

  #device(stage: number): RigDevice {
    return {
      stage,
      isTold: false,
      isOnline: true,
      hasPrevious: true,
      execution: freshExecution(this.nowMs),
    };
  }

  #round(): boolean {
    const step = planRollout(this.snapshot(), this.nowMs);
    if (step !== undefined) return this.#take(step);
    const lanes = [this.#tick, this.#settleOne, this.#offer];
    return lanes.some((lane) => {
      const moved = this.devices.filter((device) => lane.call(this, device));
      return moved.length > 0;
    });
  }

  #take(step: RolloutStep): boolean {
    if (step.do === "split") return this.#split();
    if (step.do === "close-stage") {
      const { stragglers } = step;
      for (const device of this.devices.filter(({ stage }) => stage === step.stage)) {
        if (!isUndecided(device.execution.state)) continue;
        this.happen(device, { kind: "deadline", isOnline: device.isOnline, stragglers });
      }
    }
    const next = applyStep(this.snapshot(), step, this.nowMs);
    const isMove = step.do === "rollout-to" || step.do === "halt";
    this.#store(next, "plan", isMove);
    return true;
  }

  #split(): boolean {
    const { rollout } = this.#snapshot;
    const stages = rollout.plan.stages.map((_plan, stage) => pendingStage(stage));
    const devices = this.devices.length;
    this.#snapshot = { ...this.#snapshot, rollout: { ...rollout, devices }, stages };
    return true;
  }

  #store(next: RolloutSnapshot, by: RolloutCause, isMove: boolean): void {
    const before = this.snapshot();
    this.#watch.changed?.(before, next);
    const [from, to] = [rolloutNode(before.rollout), rolloutNode(next.rollout)];
    if (isMove || from !== to) this.seen.add(`rollout:${by}:${from}:${to}`);
    for (const { stage, state } of next.stages) {
      const was = before.stages[stage]?.state;
      if (was !== undefined && was !== state) this.seen.add(`stage:${by}:${was}:${state}`);
    }
    const version = before.rollout.version + 1;
    this.#snapshot = { ...next, rollout: { ...next.rollout, version } };
  }

  #tick(device: RigDevice): boolean {
    const { dueAtMs, state } = device.execution;
    const isBack = state === "straggler" && device.isOnline;
    if (!isBack && (state === "queued" || dueAtMs === null || this.nowMs < dueAtMs)) return false;
    return this.happen(device, { kind: "tick", isOnline: device.isOnline });
  }

  /** The emergency lane. */
  #settleOne(device: RigDevice): boolean {
    if (!this.#isToSettle(device) && !this.#isOfReverted(device)) return false;
    const { state } = device.execution;
    if (!device.isTold || (isCancelable(state) && this.#snapshot.rollout.abort === "keep")) {
      device.isTold = false;
      return this.happen(device, { kind: "cancel", code: "ABORTED", detail: null });
    }
    const isServing = state === "activated" || state === "succeeded";
    if (isServing && !device.hasPrevious) return this.happen(device, { kind: "revert", seq: null });
    device.isTold = false;
    return this.happen(device, { kind: "revert", seq: ++this.#seq });
  }

  #isToSettle(device: RigDevice): boolean {
    const { state, abort } = this.#snapshot.rollout;
    if (!["aborting", "aborted", "rolling-back", "rollback-incomplete"].includes(state)) {
      return false;
    }
    const isKept = abort === "keep" && state.startsWith("abort");
    return isKept ? isCancelable(device.execution.state) : isLeft(device);
  }

  #isOfReverted(device: RigDevice): boolean {
    const stage = this.#snapshot.stages[device.stage];
    return stage?.state === "reverted" && isLeft(device);
  }

  #offer(device: RigDevice): boolean {
    const snapshot = this.#snapshot;
    const { state, dueAtMs } = device.execution;
    const isDue = dueAtMs === null || this.nowMs >= dueAtMs;
    if (state !== "queued" || !isDue || !offeringStages(snapshot).includes(device.stage)) {
      return false;
    }
    this.#watch.offered?.(snapshot, device.stage);
    device.isTold = true;
    return this.happen(device, { kind: "offer", seq: ++this.#seq });
  }

  #retry(device: RigDevice): void {
    if (this.#snapshot.stages[device.stage]?.state === "reverted") return;
    this.happen(device, { kind: "retry" });
  }
}

/** Still to be called off, or still told to run the release, with something to go back to. */
function isLeft({ execution, isTold }: RigDevice): boolean {
  if (execution.state === "reverting" || execution.code === "NO_PREVIOUS") return false;
  return isTold || isCancelable(execution.state);
}
