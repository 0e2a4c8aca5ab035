import type { Verdict } from "../verdict.ts";
import type { AlertContext, AlertState, AlertTransition } from "./alert-state.ts";

/** What surrounds a change; `evidence` null: a person's act, or silence. */
export interface TransitionContext extends Pick<AlertContext, "subject"> {
  readonly evidence: Verdict | null;
}

/** The record of a change of an episode, also of why it is not told; none without an episode, and where nothing changed. */
export function transitionBetween(
  state: AlertState,
  next: AlertState,
  { subject, evidence }: TransitionContext,
): readonly AlertTransition[] {
  const before = "episode" in state ? state.episode : null;
  const after = "episode" in next ? next.episode : null;
  const episode = after ?? before;
  if (episode === null) return [];
  const notice = noticeOf(state, next);
  const isSame = state.kind === next.kind && before?.suppression === after?.suppression;
  if (isSame && notice === null) return [];
  return [
    {
      ...{ id: episode.id, subject, from: state.kind, to: next.kind, atMs: next.cellStartMs },
      ...{ severity: episode.severity, suppression: episode.suppression, notice, evidence },
    },
  ];
}

function noticeOf(state: AlertState, next: AlertState): AlertTransition["notice"] {
  const before = "episode" in state ? state.episode : null;
  if (!("episode" in next)) {
    if ((before?.told ?? null) === null) return null;
    return next.kind === "OK" ? "resolved" : "lost";
  }
  const told = before?.told ?? null;
  if (next.episode.told === told) return null;
  return told === null ? "fired" : "worse";
}
