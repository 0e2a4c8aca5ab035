import type { MaintenanceWindow } from "@modelfleet/protocol";

/** When maintenance windows are open, in the zones people live in. */
export interface Calendar {
  /**
   * The next spans of a window that end after `fromMs`, in order.
   *
   * @throws RolloutError PLAN_INVALID for a cron or a zone that nobody knows
   */
  readonly nextWindows: (
    window: MaintenanceWindow,
    at: { readonly zone: string; readonly fromMs: number; readonly count: number },
  ) => readonly WindowSpan[];
}

/** Half-open: from `fromMs` until just before `untilMs`. */
export interface WindowSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}
