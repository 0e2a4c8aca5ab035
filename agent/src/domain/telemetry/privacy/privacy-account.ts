/** What noised windows of one day have spent: the most that they tell about anything that was in every one of them. */
export interface PrivacySpent {
  /** Start of the day, UTC. */
  readonly dayStartMs: number;
  /** ε of every histogram of every window, added up (basic composition). */
  readonly epsilon: number;
  readonly windows: number;
}

const DAY_MS = 86_400_000;

/** The account after a window with noise. A window belongs to the day that it began in; an earlier one counts for today. */
export function spend(
  account: PrivacySpent | null,
  window: { readonly startMs: number; readonly epsilon: number; readonly histograms: number },
): PrivacySpent {
  const dayStartMs = Math.floor(window.startMs / DAY_MS) * DAY_MS;
  const isNewDay = account === null || dayStartMs > account.dayStartMs;
  const before = isNewDay ? { dayStartMs, epsilon: 0, windows: 0 } : account;
  return {
    dayStartMs: before.dayStartMs,
    epsilon: before.epsilon + window.epsilon * window.histograms,
    windows: before.windows + 1,
  };
}
