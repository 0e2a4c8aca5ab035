import type { Stage } from "../stage.ts";

/** A stage that has not begun. */
export function pendingStage(stage: number): Stage {
  return {
    stage,
    state: "pending",
    detail: null,
    startedAtMs: null,
    deadlineAtMs: null,
    bakeUntilMs: null,
    acknowledged: 0,
    counts: { tally: {}, alreadyInstalled: 0 },
  };
}
