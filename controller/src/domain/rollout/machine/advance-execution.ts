import type { Execution, ExecutionChange, ExecutionEvent } from "../execution.ts";
import { enter, unchanged } from "./enter-state.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { hasActivated } from "./execution-states.ts";
import { closeExecution, firstDueAtMs, runTimers } from "./execution-timers.ts";
import { hearReport } from "./hear-report.ts";
import { isAskable } from "./retryable-codes.ts";

type EventOf<Kind extends ExecutionEvent["kind"]> = Extract<ExecutionEvent, { kind: Kind }>;

/**
 * What becomes of one device of a rollout. Only transitions of `executionTransitions` happen; an event that fits none of
 * them changes nothing, so every event may come twice, late, or to a state it was not meant for. Rules:
 *
 * 1. An order is an attempt. Attempts are never set back: not by a retry, nor by leaving and joining again. An offer
 *    whose back-off is not over, or whose sequence is not above the last one, changes nothing.
 * 2. A report is about the order when the device holds a document of at least its sequence. From one that holds less only
 *    a refusal counts, and only of an order that has no answer yet: such a document was not accepted (protocol.md 4.8).
 *    On a second attempt even that must be a lasting refusal; a passing one may speak of the attempt before.
 * 3. Within an attempt states only go forward; an earlier step that comes later changes nothing. `waiting` stands after
 *    `shadowing`: whatever the device waits for, it then begins to serve.
 * 4. Succeeded is only who says of its slot that this release is active and not on trial. Who says `confirmed` and serves
 *    other bytes is rolled back, DIVERGED. So is one that succeeded and serves other bytes later; whoever asks makes sure
 *    that the device is still told to run this release.
 * 5. A refusal with a retryable code (`isRetryable`) leads back to `queued` until `attemptsMax` orders were given, then
 *    to `failed`; any other code to `rejected`. A fault of the download server (`isInfrastructure`) leads back without
 *    using up the attempt, as long as the attempt's execution timeout lasts.
 * 6. Timers: from the order to the first word, from one step forward to the next, from the order to the end; no timer is
 *    later than the last. `waiting` is no silence, only the last one counts there. The first two stand still while the
 *    device is offline; so does the last for an order without answer, which waits for the device at the broker. A timer
 *    leads to `queued` while attempts are left, then to `timed-out`.
 * 7. Back-off: `backoffMs` before the second attempt, doubled before each further one, with up to a half more by chance,
 *    at most `backoffMsMax`. Until then it is `queued` with the code of what went wrong.
 * 8. At the deadline of its stage an undecided execution is over: a straggler where its device is offline and the plan
 *    defers, otherwise timed out. A straggler whose device comes back goes on where it holds the order; otherwise it is
 *    `queued` again, and gets its order like any other, under the rate.
 * 9. Called off is only what has not begun to serve, removed only what is undecided: what is decided stays counted.
 * 10. Whoever was given an order can be sent back, also after an end of its own, for its device is still told to run the
 *    release. It is rolled back when the release serves no more. Where there is nothing to go back to, a device that
 *    serves keeps it: the state stays, the code is NO_PREVIOUS.
 * 11. An operator's retry gives a failed, timed-out or fallen-back device one order more; not one that was sent back,
 *    and of the rejected ones only those a person denied.
 *
 * @returns the same execution where the event changes nothing
 */
export function advanceExecution(
  execution: Execution,
  event: ExecutionEvent,
  context: ExecutionContext,
): ExecutionChange {
  switch (event.kind) {
    case "skip":
      return enter(execution, { ...event, on: "skip", to: "skipped" }, context.nowMs);
    case "offer":
      return offer(execution, event, context);
    case "report":
      return hearReport(execution, event, context);
    case "tick":
      return runTimers(execution, event, context);
    case "deadline":
      return closeExecution(execution, event, context.nowMs);
    case "cancel":
      return enter(execution, { ...event, on: "cancel", to: "canceled" }, context.nowMs);
    case "remove":
      return enter(execution, { ...event, on: "remove", to: "removed" }, context.nowMs);
    case "revert":
      return revert(execution, event, context.nowMs);
    case "retry":
      return retry(execution, context.nowMs);
  }
}

/** Rule 1. */
function offer(
  execution: Execution,
  { seq }: EventOf<"offer">,
  { policy, nowMs }: ExecutionContext,
): ExecutionChange {
  const isTooEarly = execution.dueAtMs !== null && nowMs < execution.dueAtMs;
  const isOld = execution.seq !== null && seq <= execution.seq;
  if (execution.state !== "queued" || isTooEarly || isOld) return unchanged(execution);
  const goesOn = execution.code === "INFRASTRUCTURE" && execution.attemptAtMs !== null;
  const ordered: Execution = {
    ...execution,
    attempts: execution.attempts + (goesOn ? 0 : 1),
    seq,
    offeredAtMs: nowMs,
    attemptAtMs: goesOn ? execution.attemptAtMs : nowMs,
  };
  const dueAtMs = firstDueAtMs(ordered, "offered", { policy, nowMs });
  return enter(ordered, { on: "offer", to: "offered", dueAtMs }, nowMs);
}

/** Rule 10. */
function revert(execution: Execution, { seq }: EventOf<"revert">, nowMs: number): ExecutionChange {
  const { state } = execution;
  if (execution.seq === null) {
    return enter(execution, { on: "revert", to: "canceled", code: "REVERTED" }, nowMs);
  }
  if (execution.code === "REVERTED") return unchanged(execution);
  if (seq !== null) {
    if (seq <= execution.seq) return unchanged(execution);
    return enter({ ...execution, seq }, { on: "revert", to: "reverting" }, nowMs);
  }
  if (!hasActivated(state) || execution.code === "NO_PREVIOUS") return unchanged(execution);
  return { next: { ...execution, code: "NO_PREVIOUS" }, steps: [] };
}

/** Rule 11. */
function retry(execution: Execution, nowMs: number): ExecutionChange {
  const { state, code } = execution;
  const isFinal = state === "rejected" ? !isAskable(code) : code === "REVERTED";
  if (isFinal) return unchanged(execution);
  return enter(execution, { on: "retry", to: "queued" }, nowMs);
}
