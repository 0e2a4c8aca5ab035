/** Whether a swap that is due is put off; `untold`: by a decision the controller does not know of yet. */
export type Deferral =
  | { readonly kind: "none" }
  | { readonly kind: "untold" | "told"; readonly waitMs: number };

/** What an application said: not before this. */
export interface Hold {
  /** Uptime, ms. */
  readonly untilMs: number;
  /** Which decision about its slot this is, from 1. */
  readonly decision: number;
}

/** A swap that could take place. */
export interface Waiting {
  /** Since when its bound runs, uptime, ms; null: something else holds it up, and the bound has not begun to run. */
  readonly sinceMs: number | null;
  readonly boundMs: number;
  /** Decisions about the slot before this swap was due. */
  readonly decisionsBefore: number;
  /** The newest decision the controller knows of. */
  readonly toldDecision: number;
  readonly reports: number;
}

/**
 * Whether applications put a swap off (agent.md 3, 9.7).
 *
 * 1. A hold counts from when it was said, whether a swap was due by then or not.
 * 2. However often a hold is renewed, a swap takes place when it has been due for its bound.
 * 3. The bound begins to run when nothing but an application holds the swap up, and does not stop again.
 *
 * @param reportsMax decisions about one swap that the controller is told of
 */
export function judgeDeferral(
  hold: Hold | undefined,
  waiting: Waiting,
  { nowMs, reportsMax }: { readonly nowMs: number; readonly reportsMax: number },
): Deferral {
  const waitMs = Math.ceil(Math.min(hold?.untilMs ?? 0, forcedAtMs(waiting, nowMs)) - nowMs);
  if (hold === undefined || waitMs <= 0) return { kind: "none" };
  const isNews = hold.decision > waiting.toldDecision && waiting.reports < reportsMax;
  return { kind: isNews ? "untold" : "told", waitMs };
}

/** When no hold counts any more, uptime, ms. */
export function forcedAtMs({ sinceMs, boundMs }: Waiting, nowMs: number): number {
  return (sinceMs ?? nowMs) + boundMs;
}
