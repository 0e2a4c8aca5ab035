import type { SlotOfDay } from "./verdict.ts";

export const HOUR_MS = 3_600_000;
export const DAY_HOURS = 24;
/** 1 January 1970 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** @param atMs since 1970, UTC */
export function slotOf(atMs: number): SlotOfDay {
  const hours = Math.floor(atMs / HOUR_MS);
  const weekday = (Math.floor(hours / DAY_HOURS) + EPOCH_WEEKDAY) % 7;
  return { weekend: weekday === 0 || weekday === 6, hour: hours % DAY_HOURS };
}
