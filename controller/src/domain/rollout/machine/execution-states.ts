import type { ExecutionState } from "@modelfleet/protocol";

/**
 * What a state means for the count of its stage: `ahead` before its order, `under-way` from the order to the end,
 * `back` on its way back, `deferred` a straggler; decided as `ok` or `bad`; `out` no longer of the rollout.
 */
type Standing = "ahead" | "under-way" | "back" | "deferred" | "ok" | "bad" | "out";

const standings: Readonly<Record<ExecutionState, Standing>> = {
  queued: "ahead",
  offered: "under-way",
  accepted: "under-way",
  downloading: "under-way",
  downloaded: "under-way",
  waiting: "under-way",
  warming: "under-way",
  shadowing: "under-way",
  activated: "under-way",
  reverting: "back",
  succeeded: "ok",
  failed: "bad",
  rejected: "bad",
  "timed-out": "bad",
  "rolled-back": "bad",
  canceled: "out",
  removed: "out",
  skipped: "out",
  straggler: "deferred",
};

/** Something of it is still to come: a straggler and a device on its way back are open too. */
export function isOpen(state: ExecutionState): boolean {
  return !isTerminal(state);
}

/** At its end; only a fallback, a way back or a person's word leads out of it. */
export function isTerminal(state: ExecutionState): boolean {
  const standing = standings[state];
  return standing === "ok" || standing === "bad" || standing === "out";
}

/** The release has begun to serve on the device: it can be sent back, but no longer called off. */
export function hasActivated(state: ExecutionState): boolean {
  return state === "activated" || state === "succeeded";
}

/** Counts as a failure of its stage (rollouts.md 3). */
export function isBad(state: ExecutionState): boolean {
  return standings[state] === "bad";
}

/** Between the order and the end: it takes up room of what may be under way at once. */
export function isInFlight(state: ExecutionState): boolean {
  return standings[state] === "under-way";
}

/** Can be called off: open, not begun to serve, not on its way back. */
export function isCancelable(state: ExecutionState): boolean {
  return isOpen(state) && !hasActivated(state) && state !== "reverting";
}

/** Takes part in the count but is neither ok nor bad yet. */
export function isUndecided(state: ExecutionState): boolean {
  return isOpen(state) && standings[state] !== "deferred";
}
