import type { ExecutionState } from "@modelfleet/protocol";
import type { Execution, ExecutionChange, ExecutionEvent, ExecutionReason } from "../execution.ts";
import { isExecutionTransition } from "./execution-table.ts";

/** A transition somebody would like to make. */
export interface Wish {
  readonly on: ExecutionEvent["kind"];
  readonly to: ExecutionState;
  readonly code?: ExecutionReason | null;
  readonly detail?: string | null;
  readonly dueAtMs?: number | null;
}

export function unchanged(next: Execution): ExecutionChange {
  return { next, steps: [] };
}

/** The one place where an execution gets another state. @returns it unchanged where the table does not hold the wish */
export function enter(execution: Execution, wish: Wish, nowMs: number): ExecutionChange {
  const { on, to, detail = null, dueAtMs = null } = wish;
  const from = execution.state;
  if (!isExecutionTransition(on, from, to)) return unchanged(execution);
  const code = wish.code ?? keptCode(execution, to);
  const next = { ...execution, state: to, code, detail, changedAtMs: nowMs, dueAtMs };
  return { next, steps: [{ from, to, code }] };
}

/** That there is nothing to go back to stays true when the device is confirmed. */
function keptCode({ code }: Execution, to: ExecutionState): ExecutionReason | null {
  return code === "NO_PREVIOUS" && to === "succeeded" ? code : null;
}
