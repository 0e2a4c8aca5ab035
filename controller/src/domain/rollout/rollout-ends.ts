import type { RolloutState } from "@modelfleet/protocol";

const ends = {
  draft: false,
  validating: false,
  "awaiting-approval": false,
  scheduled: false,
  running: false,
  paused: false,
  aborting: false,
  "rolling-back": false,
  completed: true,
  "completed-with-failures": true,
  rejected: true,
  denied: true,
  aborted: true,
  "rolled-back": true,
  "rollback-incomplete": true,
  superseded: true,
} as const satisfies Record<RolloutState, boolean>;

/** Whether nothing is offered any more. Devices may still be watched, or expected back. */
export function isOver(state: RolloutState): boolean {
  return ends[state];
}
