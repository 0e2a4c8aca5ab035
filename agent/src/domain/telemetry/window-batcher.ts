import {
  batchBytesMax,
  encodedWindowBytes,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";

/** Closed windows on their way to the outbox, cut into batches that fit one message. */
export interface WindowBatcher {
  /** Beyond `windowsPendingMax` the oldest is lost and counted. */
  readonly add: (window: TelemetryWindow) => void;
  /** Windows for one batch, oldest first; empty when none wait. */
  readonly take: () => readonly TelemetryWindow[];
  /** Windows lost since the start. */
  readonly lost: () => number;
}

// Device (65 bytes), boot, seq and dropped (11 each) stand before the windows.
const HEADER_BYTES_MAX = 98;

/** Holds at most `windowsPendingMax` windows; a batch has at most `windowsPerBatchMax`, in `batchBytesMax`. */
export function createWindowBatcher(): WindowBatcher {
  const waiting: { readonly window: TelemetryWindow; readonly bytes: number }[] = [];
  let lostWindows = 0;

  function add(window: TelemetryWindow): void {
    waiting.push({ window, bytes: encodedWindowBytes(window) });
    if (waiting.length <= telemetryLimits.windowsPendingMax) return;
    waiting.shift();
    lostWindows++;
  }

  function take(): readonly TelemetryWindow[] {
    let roomBytes = batchBytesMax - HEADER_BYTES_MAX;
    let count = 0;
    for (const { bytes } of waiting.slice(0, telemetryLimits.windowsPerBatchMax)) {
      roomBytes -= bytes;
      if (roomBytes < 0 && count > 0) break;
      count++;
    }
    return waiting.splice(0, count).map(({ window }) => window);
  }

  return { add, take, lost: () => lostWindows };
}
