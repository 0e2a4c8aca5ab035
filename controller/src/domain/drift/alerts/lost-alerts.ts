import { driftLimits } from "@modelfleet/protocol";
import type { CohortKey } from "../cohort-key.ts";
import type { SignalId } from "../signal.ts";
import { unheardAlert } from "./advance-alert.ts";
import type { AlertState, AlertTransition } from "./alert-state.ts";
import { transitionBetween } from "./alert-transition.ts";

export interface SilentMoment {
  readonly release: string;
  /** By `alertKey`. */
  readonly states: ReadonlyMap<string, AlertState>;
  /** Keys that something was said of just now. */
  readonly heard: ReadonlySet<string>;
  /** Start of the cell that says nothing, and its end. */
  readonly cellStartMs: number;
  readonly untilMs: number;
}

/** Keys that are remembered no longer, and what is to be recorded and told of them. */
export interface LostAlerts {
  readonly gone: ReadonlySet<string>;
  readonly transitions: readonly AlertTransition[];
}

/**
 * Rule 7 of `advanceAlert` for signals that no verdict names any more: a cohort whose devices have gone, a release that
 * runs nowhere. Else their alerts would be open, and remembered, for ever.
 */
export function lostAlerts({ release, states, heard, ...moment }: SilentMoment): LostAlerts {
  const gone = new Set<string>();
  const transitions: AlertTransition[] = [];
  for (const [key, state] of states) {
    const silentFromMs = state.silentFromMs ?? state.cellStartMs;
    if (heard.has(key) || moment.untilMs - silentFromMs < driftLimits.silentMsMax) continue;
    gone.add(key);
    const [cohort, signal] = JSON.parse(key) as [CohortKey, SignalId];
    const next = { ...unheardAlert, cellStartMs: moment.cellStartMs };
    const subject = { release, cohort, signal };
    transitions.push(...transitionBetween(state, next, { subject, evidence: null }));
  }
  return { gone, transitions };
}
