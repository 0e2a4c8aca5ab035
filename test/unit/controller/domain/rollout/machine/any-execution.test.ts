import fc from "fast-check";
import { expect, test } from "vitest";
import type {
  Execution,
  ExecutionChange,
  ExecutionEvent,
  ExecutionPolicy,
} from "../../../../../../controller/src/domain/rollout/execution.ts";
import { advanceExecution } from "../../../../../../controller/src/domain/rollout/machine/advance-execution.ts";
import {
  isInFlight,
  isTerminal,
} from "../../../../../../controller/src/domain/rollout/machine/execution-states.ts";
import { executionTransitions } from "../../../../../../controller/src/domain/rollout/machine/execution-table.ts";
import { freshExecution } from "../../../../../../controller/src/domain/rollout/machine/fresh-execution.ts";
import {
  type AnyEvent,
  anyExecutionEvent,
  eventFor,
} from "../../../../../support/rollout-machine/any-execution-event.ts";
import { everyEvent, everyState } from "../../../../../support/rollout-machine/every-execution.ts";
import {
  HOUR_MS,
  MINUTE_MS,
  ours,
  policy as usual,
} from "../../../../../support/rollout-machine/execution-facts.ts";

const SEED = 20_261_205;
const RUNS = 10_000;
/** Few attempts, so that the last one comes soon. */
const policies = [1, 2].map(
  (attemptsMax): ExecutionPolicy => ({ ...usual, retries: { ...usual.retries, attemptsMax } }),
);

/** What is known of an execution without asking the machine. */
interface Model {
  offers: number;
  /** Retries of an operator and returns of a straggler: each may cost one order more than the plan has. */
  extra: number;
  seq: number;
}

interface Real {
  readonly policy: ExecutionPolicy;
  nowMs: number;
  execution: Execution;
}

interface Happened {
  readonly policy: ExecutionPolicy;
  readonly before: Execution;
  readonly event: ExecutionEvent;
  readonly change: ExecutionChange;
  readonly nowMs: number;
}

class Happens implements fc.Command<Model, Real> {
  readonly any: AnyEvent;
  readonly passMs: number;

  constructor(any: AnyEvent, passMs: number) {
    this.any = any;
    this.passMs = passMs;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, real: Real): void {
    real.nowMs += this.passMs;
    const before = real.execution;
    const event = eventFor(before, this.any);
    const { nowMs, policy } = real;
    const change = advanceExecution(before, event, { policy, nowMs, chance: 0.5 });
    real.execution = change.next;
    const happened = { policy, before, event, change, nowMs };
    holdsTogether(happened);
    countsOrders(model, happened);
    keepsItsEnd(happened);
    provesSuccess(happened);
    keepsTime(happened);
    isSafeToRepeat(happened);
  }

  toString(): string {
    return `+${this.passMs} ms ${JSON.stringify(this.any)}`;
  }
}

const seen = new Set<string>();

/** Its transitions follow one another, from what it was to what it is; without one the state is the same. */
function holdsTogether({ before, event, change }: Happened): void {
  let { state } = before;
  for (const { from, to } of change.steps) {
    must(from === state, `a transition from ${state}, got one from ${from}`);
    seen.add(`${event.kind}:${from}:${to}`);
    state = to;
  }
  must(change.next.state === state, `${state}, got ${change.next.state}`);
}

/** Attempts never fall; each is an order, and those that a fault of the infrastructure has cost are not counted. */
function countsOrders(model: Model, { policy, before, event, change }: Happened): void {
  const { next, steps } = change;
  const isOrder = event.kind === "offer" && steps.length > 0;
  if (isOrder && before.code !== "INFRASTRUCTURE") model.offers += 1;
  const isReturn = before.state === "straggler" && next.state === "queued";
  if (isReturn || (event.kind === "retry" && steps.length > 0)) model.extra += 1;
  must(next.attempts === model.offers, `${model.offers} attempts, got ${next.attempts}`);
  const most = policy.retries.attemptsMax + model.extra;
  must(next.attempts <= most, `at most ${most} attempts, got ${next.attempts}`);
  must((next.seq ?? 0) >= model.seq, `a sequence of at least ${model.seq}, got ${next.seq ?? 0}`);
  model.seq = next.seq ?? 0;
}

/** Out of an end leads only a fallback, a way back or an operator's retry. */
function keepsItsEnd({ before, event, change: { next } }: Happened): void {
  if (!isTerminal(before.state) || next.state === before.state) return;
  const isFallback = before.state === "succeeded" && next.state === "rolled-back";
  const isWay = event.kind === "report" ? isFallback : ["revert", "retry"].includes(event.kind);
  must(isWay, `that ${before.state} stays, got ${next.state} by ${event.kind}`);
}

/** Nobody succeeds but by a report that holds the order and says that our bytes serve, not on trial. */
function provesSuccess({ event, change: { next, steps } }: Happened): void {
  if (steps.at(-1)?.to !== "succeeded") return;
  const isProof =
    event.kind === "report" &&
    event.slot?.active?.release === ours &&
    event.slot.trial?.release !== ours &&
    event.reportedSeq >= (next.seq ?? Number.POSITIVE_INFINITY);
  must(isProof, `a proof of success, got ${JSON.stringify(event)}`);
}

/** Whoever is under way has a timer, no later than the end of the execution; whoever has ended has none. */
function keepsTime({ policy, change: { next } }: Happened): void {
  const { state, dueAtMs, attemptAtMs } = next;
  const endMs = (attemptAtMs ?? 0) + policy.timeouts.executionMs;
  if (isInFlight(state)) must(dueAtMs !== null && dueAtMs <= endMs, `a timer up to ${endMs}`);
  if (isTerminal(state)) must(dueAtMs === null, `no timer at the end, got ${dueAtMs ?? ""}`);
}

/** The same word again, at the same moment, changes nothing. */
function isSafeToRepeat({ policy, event, change, nowMs }: Happened): void {
  const again = advanceExecution(change.next, event, { policy, nowMs, chance: 0.5 });
  must(again.next === change.next, `no change the second time, got ${again.next.state}`);
}

/** `expect` takes longer than the machine. */
function must(holds: boolean, expected: string): void {
  if (!holds) throw new Error(`expected ${expected}`);
}

const anyCommands = fc.commands(
  [
    fc
      .tuple(anyExecutionEvent, fc.constantFrom(0, 0, 1, MINUTE_MS, 5 * MINUTE_MS, HOUR_MS))
      .map(([any, passMs]) => new Happens(any, passMs)),
  ],
  { maxCommands: 30, size: "max" },
);

test(`whatever happens to a device, in ${RUNS} sequences (seed ${SEED}), its execution stays true to its rules`, () => {
  const anySequence = fc.property(anyCommands, fc.constantFrom(...policies), (commands, policy) => {
    fc.modelRun(
      () => ({
        model: { offers: 0, extra: 0, seq: 0 },
        real: { policy, nowMs: 0, execution: freshExecution(0) },
      }),
      commands,
    );
  });

  fc.assert(anySequence, { numRuns: RUNS, seed: SEED });
});

test("whatever state an execution is in, each event leads where the table says, or nowhere", () => {
  const policy = policies[0] ?? usual;
  for (const [before, attemptsMax] of everyState().flatMap((one) => [
    [one, 1] as const,
    [one, 2] as const,
  ])) {
    const few = { ...policy, retries: { ...policy.retries, attemptsMax } };
    for (const event of everyEvent(before)) {
      const nowMs = 9 * HOUR_MS;
      const change = advanceExecution(before, event, { policy: few, nowMs, chance: 0 });
      holdsTogether({ policy: few, before, event, change, nowMs });
      keepsItsEnd({ policy: few, before, event, change, nowMs });
    }
  }
});

test("every transition of the table was gone through, and no other", () => {
  const table = executionTransitions.flatMap(({ on, from, to }) =>
    from.map((state) => `${on}:${state}:${to}`),
  );

  expect([...seen].toSorted()).toEqual(table.toSorted());
});
