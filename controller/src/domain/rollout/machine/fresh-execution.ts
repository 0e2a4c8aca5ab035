import type { Execution } from "../execution.ts";

/** As it is when the target set is frozen. */
export function freshExecution(nowMs: number): Execution {
  return {
    state: "queued",
    code: null,
    detail: null,
    attempts: 0,
    seq: null,
    offeredAtMs: null,
    attemptAtMs: null,
    changedAtMs: nowMs,
    dueAtMs: null,
  };
}
