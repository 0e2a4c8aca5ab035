/** One-sided 0.1 %. */
const STANDARD_ERRORS = 3.09;

/** Whether a share of so many items is above what is expected by more than chance, in the normal approximation. */
export function isSignificantlyAbove(share: number, expected: number, items: number): boolean {
  // Nothing is impossible: at least one in all.
  const floor = Math.max(expected, 1 / items);
  return share - expected > STANDARD_ERRORS * Math.sqrt((floor * (1 - floor)) / items);
}
