export type ManualClock = {
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly turn: () => Promise<void>;
  /** Time passes; sleepers whose time has come wake. */
  readonly advance: (ms: number) => Promise<void>;
};

/** A clock that stands still until the test moves it. */
export function manualClock(): ManualClock {
  let nowMs = 0;
  const sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();
  return {
    monotonicMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { untilMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
        });
      }),
    turn: () => Promise.resolve(),
    advance: async (ms) => {
      nowMs += ms;
      for (const sleeper of [...sleepers].filter(({ untilMs }) => untilMs <= nowMs)) {
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await settled();
    },
  };
}

/** Every promise that can settle without time passing has settled. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
