import type { DesiredModel } from "@modelfleet/protocol";

/** Whether a release may begin to serve now, for reasons that have nothing to do with it (protocol.md 4.16, 4.17). */
export type Gate =
  | { readonly kind: "open" }
  | {
      readonly kind: "shut";
      readonly by: "window" | "lock";
      /** For the report: begins with what shuts it. */
      readonly detail: string;
      /** Until it opens by itself; null: something else has to happen first. */
      readonly opensInMs: number | null;
      /** Only a new order can open it. */
      readonly isOver: boolean;
    };

export interface GateFacts {
  readonly activate: DesiredModel["activate"];
  readonly isLocked: boolean;
  /** Wall time. */
  readonly nowMs: number;
  /** It is at least the time floor: a clock that is known to be wrong opens no window. */
  readonly isClockBelieved: boolean;
}

/** A lock of this device comes first: it is there to be taken off, and a window passes by itself. */
export function judgeGate({ activate, isLocked, nowMs, isClockBelieved }: GateFacts): Gate {
  if (isLocked) return shut("lock", "lock", null);
  if (activate === "now") return { kind: "open" };
  if (!isClockBelieved) {
    return shut("window", "window; the clock of this device is wrong, so none is open", null);
  }
  const next = activate.windows.find(([, until]) => nowMs < Date.parse(until));
  if (next === undefined) {
    return { ...shut("window", "window; all of this order's are over", null), isOver: true };
  }
  const opensInMs = Date.parse(next[0]) - nowMs;
  return opensInMs <= 0 ? { kind: "open" } : shut("window", "window", opensInMs);
}

function shut(by: "window" | "lock", detail: string, opensInMs: number | null) {
  return { kind: "shut", by, detail, opensInMs, isOver: false } as const;
}
