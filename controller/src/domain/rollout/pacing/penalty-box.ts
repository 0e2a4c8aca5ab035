import type { RolloutPlan } from "@modelfleet/protocol";

type Penalty = NonNullable<RolloutPlan["penalty"]>;

/** How far back failures of a device matter, ms. */
export function penaltyMemoryMs({ withinMs, boxMs }: Penalty): number {
  return withinMs + boxMs;
}

/**
 * Until when a device stays in the penalty box. `failuresMax` failures within `withinMs` put it there, for `boxMs` after
 * the last of them. Failures count, not attempts: who succeeds at the fifth try is not punished for five.
 *
 * @param failedAtMs moments of its failures, over all rollouts, of the last `penaltyMemoryMs`; in any order
 * @returns null: it is not in the box
 */
export function boxedUntilMs(
  penalty: Penalty | undefined,
  failedAtMs: readonly number[],
  nowMs: number,
): number | null {
  if (penalty === undefined) return null;
  const { failuresMax, withinMs, boxMs } = penalty;
  const moments = failedAtMs.toSorted((left, right) => right - left);
  const untilMs = moments.flatMap((lastMs, index) => {
    const firstMs = moments[index + failuresMax - 1];
    return firstMs !== undefined && lastMs - firstMs < withinMs ? [lastMs + boxMs] : [];
  })[0];
  return untilMs === undefined || untilMs <= nowMs ? null : untilMs;
}
