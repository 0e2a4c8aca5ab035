import {
  encodedWindowBytes,
  type FeedbackWindow,
  shelfLimits,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { canMerge, mergeClosed } from "./merge-closed.ts";

/*
 * Rules of what waits for a network (telemetry.md 2.7).
 * 1. Windows of the last day stay as they are, those of the week before become hours, older ones days (UTC).
 * 2. When that takes more than there is room for, everything becomes coarser sooner, and at last days only.
 * 3. Counts are added up, never dropped, until not even days have room; then the oldest day goes, and is counted.
 * 4. Age decides what is merged and never what is dropped: the clock may be wrong.
 */

/** Closed windows and labels that wait, in any order. */
export interface Waiting {
  readonly windows: readonly TelemetryWindow[];
  readonly feedback: readonly FeedbackWindow[];
}

/** What is left of them, oldest first. */
export interface Compacted extends Waiting {
  readonly dropped: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Rule 2: shares of the ages of rule 1. */
const ladder = [1, 0.5, 0.25, 0.1, 0.02, 0] as const;

/** Merges what waits so that it fits. @param room what its encoding may take */
export function compactWindows(
  waiting: Waiting,
  { nowMs, bytesMax }: { readonly nowMs: number; readonly bytesMax: number },
): Compacted {
  let merged: Waiting = waiting;
  for (const share of ladder) {
    merged = mergedBy(merged, (endMs) => spanAt(nowMs - endMs, share));
    if (bytesOf(merged) <= bytesMax) return { ...merged, dropped: 0 };
  }
  return withoutOldest(merged, bytesMax);
}

function spanAt(ageMs: number, share: number): number {
  // Rule 4: also what seems to lie ahead, by a clock that was set back.
  if (share === 0) return DAY_MS;
  if (ageMs < shelfLimits.wholeMs * share) return 0;
  return ageMs < shelfLimits.hourlyMs * share ? HOUR_MS : DAY_MS;
}

function mergedBy({ windows, feedback }: Waiting, spanOf: (endMs: number) => number): Waiting {
  const bucketOf = ({ startMs, durationMs }: { startMs: number; durationMs: number }) => {
    const spanMs = spanOf(startMs + durationMs);
    return spanMs === 0 ? null : `${spanMs} ${Math.floor(startMs / spanMs)}`;
  };
  return {
    windows: mergedNeighbours(windows, { bucketOf, canMerge, merge: mergeClosed }),
    feedback: mergedNeighbours(feedback, {
      bucketOf,
      canMerge: canMergeFeedback,
      merge: mergeFeedback,
    }),
  };
}

interface Spanned {
  readonly startMs: number;
  readonly durationMs: number;
}

interface Merging<Part> {
  readonly bucketOf: (part: Part) => string | null;
  readonly canMerge: (earlier: Part, later: Part) => boolean;
  readonly merge: (earlier: Part, later: Part) => Part;
}

/** Each part joins the newest of its bucket that takes it. */
function mergedNeighbours<Part extends Spanned>(
  parts: readonly Part[],
  { bucketOf, canMerge: takes, merge }: Merging<Part>,
): readonly Part[] {
  const merged: Part[] = [];
  const buckets = new Map<string, number[]>();
  for (const part of parts.toSorted((left, right) => left.startMs - right.startMs)) {
    const bucket = bucketOf(part);
    const places = buckets.get(bucket ?? "") ?? [];
    const at = bucket === null ? undefined : placeFor(part, places, { merged, takes });
    const earlier = at === undefined ? undefined : merged[at];
    if (at !== undefined && earlier !== undefined) {
      merged[at] = merge(earlier, part);
      continue;
    }
    merged.push(part);
    if (bucket !== null) buckets.set(bucket, [...places, merged.length - 1]);
  }
  return merged;
}

function placeFor<Part>(
  part: Part,
  places: readonly number[],
  {
    merged,
    takes,
  }: {
    readonly merged: readonly Part[];
    readonly takes: (earlier: Part, later: Part) => boolean;
  },
): number | undefined {
  return places.findLast((place) => {
    const earlier = merged[place];
    return earlier !== undefined && takes(earlier, part);
  });
}

function canMergeFeedback(earlier: FeedbackWindow, later: FeedbackWindow): boolean {
  return (
    earlier.slot === later.slot &&
    earlier.release === later.release &&
    earlier.output === later.output &&
    mergeFeedback(earlier, later).durationMs <= telemetryLimits.windowMsMax
  );
}

function mergeFeedback(earlier: FeedbackWindow, later: FeedbackWindow): FeedbackWindow {
  const startMs = Math.min(earlier.startMs, later.startMs);
  const endMs = Math.max(earlier.startMs + earlier.durationMs, later.startMs + later.durationMs);
  return {
    ...earlier,
    startMs,
    durationMs: endMs - startMs,
    labelled: earlier.labelled + later.labelled,
    errors: earlier.errors + later.errors,
    drift: [...new Set([...earlier.drift, ...later.drift])].sort(),
  };
}

function bytesOf({ windows, feedback }: Waiting): number {
  const windowBytes = windows.reduce((sum, window) => sum + encodedWindowBytes(window), 0);
  return windowBytes + feedback.length * telemetryLimits.feedbackBytesMax;
}

/** Rule 3. */
function withoutOldest({ windows, feedback }: Waiting, bytesMax: number): Compacted {
  let left: Waiting = { windows, feedback };
  let dropped = 0;
  while (bytesOf(left) > bytesMax && left.windows.length + left.feedback.length > 0) {
    dropped += 1;
    const isWindowFirst = left.windows.length > 0;
    left = {
      windows: left.windows.slice(isWindowFirst ? 1 : 0),
      feedback: left.feedback.slice(isWindowFirst ? 0 : 1),
    };
  }
  return { ...left, dropped };
}
