import type { ExecutionState } from "@modelfleet/protocol";
import type { Execution, ExecutionChange, ExecutionEvent, ExecutionReason } from "../execution.ts";
import { enter, unchanged } from "./enter-state.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { isInFlight } from "./execution-states.ts";

type EventOf<Kind extends ExecutionEvent["kind"]> = Extract<ExecutionEvent, { kind: Kind }>;
type Clocked = Pick<ExecutionContext, "policy" | "nowMs">;

/** What went wrong in an attempt, and its end where none is left. */
export interface Mishap {
  readonly on: "report" | "tick";
  readonly end: "failed" | "timed-out";
  readonly code: ExecutionReason;
  readonly detail: string | null;
}

/** Rules 6 and 8: something may be due, or a straggler may be back. */
export function runTimers(
  execution: Execution,
  { isOnline }: EventOf<"tick">,
  context: ExecutionContext,
): ExecutionChange {
  const { state, dueAtMs } = execution;
  if (state === "straggler" && isOnline) {
    return enter(execution, { on: "tick", to: "queued" }, context.nowMs);
  }
  if (!isInFlight(state) || dueAtMs === null || context.nowMs < dueAtMs) {
    return unchanged(execution);
  }
  const code = overdueCode(execution, isOnline, context);
  if (code === undefined) return unchanged(rearmed(execution, context));
  return tryAgain(execution, { on: "tick", end: "timed-out", code, detail: null }, context);
}

/** Rule 8. */
export function closeExecution(
  execution: Execution,
  { isOnline, stragglers }: EventOf<"deadline">,
  nowMs: number,
): ExecutionChange {
  if (isOnline) {
    return enter(execution, { on: "deadline", to: "timed-out", code: "STAGE_DEADLINE" }, nowMs);
  }
  const to = stragglers === "defer" ? "straggler" : "timed-out";
  return enter(execution, { on: "deadline", to, code: "OFFLINE_AT_DEADLINE" }, nowMs);
}

/** Rules 5 and 7: once more after the back-off, or the end. */
export function tryAgain(
  execution: Execution,
  { on, end, code, detail }: Mishap,
  context: ExecutionContext,
): ExecutionChange {
  if (execution.attempts >= context.policy.retries.attemptsMax) {
    return enter(execution, { on, to: end, code, detail }, context.nowMs);
  }
  const dueAtMs = context.nowMs + backoffMs(execution.attempts, context);
  return enter(execution, { on, to: "queued", code, detail, dueAtMs }, context.nowMs);
}

/** Rule 7. @param attempts orders given so far, at least 1 */
export function backoffMs(
  attempts: number,
  { policy: { retries }, chance }: Pick<ExecutionContext, "policy" | "chance">,
): number {
  const plainMs = retries.backoffMs * 2 ** (attempts - 1);
  return Math.min(Math.floor(plainMs * (1 + chance / 2)), retries.backoffMsMax);
}

/** Rule 6: when a timer of this state runs out, if nothing happens before. */
export function firstDueAtMs(
  { attemptAtMs }: Execution,
  state: ExecutionState,
  { policy: { timeouts }, nowMs }: Clocked,
): number {
  const endMs = (attemptAtMs ?? nowMs) + timeouts.executionMs;
  if (state === "waiting") return endMs;
  return Math.min(nowMs + (state === "offered" ? timeouts.offerMs : timeouts.stepMs), endMs);
}

/** Whether the attempt has lasted too long as a whole. */
export function isPastExecution({ attemptAtMs }: Execution, { policy, nowMs }: Clocked): boolean {
  return attemptAtMs !== null && nowMs >= attemptAtMs + policy.timeouts.executionMs;
}

/** @returns undefined while a device that is offline is waited for */
function overdueCode(
  execution: Execution,
  isOnline: boolean,
  context: Clocked,
): ExecutionReason | undefined {
  const isUnanswered = execution.state === "offered";
  if (isUnanswered && !isOnline) return undefined;
  if (isPastExecution(execution, context)) return "EXECUTION_TIMEOUT";
  if (!isOnline) return undefined;
  return isUnanswered ? "OFFER_TIMEOUT" : "STEP_TIMEOUT";
}

/** The timers of a device that is offline begin anew; those of an order without answer all of them. */
function rearmed(execution: Execution, context: Clocked): Execution {
  const { state } = execution;
  const waited = state === "offered" ? { ...execution, attemptAtMs: context.nowMs } : execution;
  return { ...waited, dueAtMs: firstDueAtMs(waited, state, context) };
}
