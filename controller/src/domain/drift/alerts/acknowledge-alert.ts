import type { AdvancedAlert } from "./advance-alert.ts";
import type { AlertState, AlertSubject } from "./alert-state.ts";
import { transitionBetween } from "./alert-transition.ts";

/** Somebody takes an alert. */
export interface Acknowledgement {
  readonly by: string;
  readonly subject: AlertSubject;
  readonly atMs: number;
}

/** An open alert is theirs from now on; one that fires becomes ACKED. Others stay what they are. */
export function acknowledgeAlert(
  state: AlertState,
  { by, subject, atMs }: Acknowledgement,
): AdvancedAlert {
  if (!("episode" in state)) return { next: state, transitions: [] };
  const kind = state.kind === "FIRING" ? "ACKED" : state.kind;
  const next: AlertState = { ...state, kind, episode: { ...state.episode, ackedBy: by } };
  const changes = transitionBetween(state, next, { subject, evidence: null });
  return { next, transitions: changes.map((change) => ({ ...change, atMs })) };
}
