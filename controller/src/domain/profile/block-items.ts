import { HOUR_MS } from "../drift/slot-of.ts";
import type { Seasons } from "./seasons.ts";

/** A reference is cut into at least so many blocks, or few different windows could be drawn from it. */
const BLOCKS_MIN = 20;
/** Blocks of a reference by the hour: most of them lie within one hour. */
const BLOCKS_PER_HOUR = 4;

export interface BlockItemsOptions {
  readonly rows: number;
  readonly windowItems: number;
  readonly timesMs: Float64Array | undefined;
  readonly seasons: Seasons;
}

/**
 * How many neighbouring rows are drawn together. With times, as many as there can be, since what is near in time is alike;
 * without, one: the order of a file may mean nothing, or be that of the classes.
 */
export function blockItemsOf({ rows, windowItems, timesMs, seasons }: BlockItemsOptions): number {
  if (timesMs === undefined) return 1;
  const longest = Math.min(windowItems, rows / BLOCKS_MIN);
  const hours = new Set(timesMs.map((ms) => Math.floor(ms / HOUR_MS))).size;
  const bySeason = seasons.kind === "found" ? rows / hours / BLOCKS_PER_HOUR : longest;
  return Math.max(1, Math.floor(Math.min(longest, bySeason)));
}
