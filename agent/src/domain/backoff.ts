export interface Backoff {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
}

/**
 * Pause before the next attempt: full jitter under a ceiling that doubles.
 *
 * @param attempt failures so far in a row, from 0
 * @param chance uniform in [0, 1)
 * @returns milliseconds in [delayMsMin, delayMsMax]
 * @see Brooker 2015, Exponential Backoff And Jitter ("full jitter")
 */
export function backoffMs(limits: Backoff, attempt: number, chance: number): number {
  // 2^30 is above every ceiling in use; without the cap the power overflows to Infinity.
  const ceilingMs = Math.min(limits.delayMsMax, limits.delayMsMin * 2 ** Math.min(attempt + 1, 30));
  return Math.round(limits.delayMsMin + chance * (ceilingMs - limits.delayMsMin));
}
