import type { MaintenanceWindow } from "@modelfleet/protocol";

/** Half-open: from `fromMs` until just before `untilMs`. */
export interface WindowSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * The next spans of a window that end after `fromMs`, in order, with those that touch made one; fewer than `count` only
 * when there are no more. The zone is an IANA zone, not `device`.
 *
 * @throws RolloutError PLAN_INVALID for a cron or a zone that nobody knows
 */
export type NextWindows = (
  window: MaintenanceWindow,
  at: { readonly zone: string; readonly fromMs: number; readonly count: number },
) => readonly WindowSpan[];
