import {
  encodedWindowBytes,
  type FeedbackWindow,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";

/** Closed windows and labels on their way, cut into batches that fit one message. */
export interface WindowBatcher {
  /** Beyond `windowsPendingMax` the oldest is lost and counted. */
  readonly add: (window: TelemetryWindow) => void;
  /** Beyond `feedbackPendingMax` the oldest is lost and counted. */
  readonly tell: (feedback: FeedbackWindow) => void;
  /** One batch, oldest first; undefined when nothing waits. */
  readonly take: () => Batch | undefined;
  /** What was taken comes first again. */
  readonly giveBack: (batch: Batch) => void;
  /** Windows and labels lost since the start. */
  readonly lost: () => number;
}

export interface Batch {
  readonly windows: readonly TelemetryWindow[];
  readonly feedback: readonly FeedbackWindow[];
}

/** Holds at most `windowsPendingMax` windows; a batch has at most `windowsPerBatchMax`, in `windowsBytesPerBatchMax`. */
export function createWindowBatcher(): WindowBatcher {
  let windows: TelemetryWindow[] = [];
  let feedback: FeedbackWindow[] = [];
  let lost = 0;

  function add(window: TelemetryWindow): void {
    windows.push(window);
    cut();
  }

  function tell(labels: FeedbackWindow): void {
    feedback.push(labels);
    cut();
  }

  function take(): Batch | undefined {
    const taken = windows.splice(0, fitting(windows));
    // Labels have room where no window is.
    const labels =
      taken.length === 0 ? feedback.splice(0, telemetryLimits.feedbackPerBatchMax) : [];
    if (taken.length + labels.length === 0) return undefined;
    return { windows: taken, feedback: labels };
  }

  function giveBack(batch: Batch): void {
    windows = [...batch.windows, ...windows];
    feedback = [...batch.feedback, ...feedback];
    cut();
  }

  function cut(): void {
    const { windowsPendingMax, feedbackPendingMax } = telemetryLimits;
    lost += windows.splice(0, Math.max(0, windows.length - windowsPendingMax)).length;
    lost += feedback.splice(0, Math.max(0, feedback.length - feedbackPendingMax)).length;
  }

  return { add, tell, take, giveBack, lost: () => lost };
}

function fitting(windows: readonly TelemetryWindow[]): number {
  let roomBytes = telemetryLimits.windowsBytesPerBatchMax;
  let count = 0;
  for (const window of windows.slice(0, telemetryLimits.windowsPerBatchMax)) {
    roomBytes -= encodedWindowBytes(window);
    if (roomBytes < 0 && count > 0) break;
    count += 1;
  }
  return count;
}
