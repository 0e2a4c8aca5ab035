import {
  decodeBatch,
  decodeFeedback,
  decodeWindow,
  encodeFeedback,
  encodeWindow,
  FormatError,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import type { Waiting } from "../domain/telemetry/waiting/compact-windows.ts";
import type { NewShelfRecord, ShelfRecord, WindowShelf } from "../ports/window-shelf.ts";

/** They stand before the batch (protocol.md 6.1). */
const SIGNATURE_BYTES = 64;

/** Bytes of what it holds, without what is gone from its file. */
export function heldBytes(shelf: WindowShelf): number {
  return shelf.held().reduce((sum, { bytes }) => sum + bytes.length, 0);
}

/** Each as it lies on the shelf. */
export function recordsOf({ windows, feedback }: Waiting): readonly NewShelfRecord[] {
  return [
    ...windows.map((window) => ({ kind: "window", bytes: encodeWindow(window) }) as const),
    ...feedback.map((labels) => ({ kind: "feedback", bytes: encodeFeedback(labels) }) as const),
  ];
}

/** @throws FormatError for what `keyOf` does not know */
export function waitingOf(records: readonly ShelfRecord[]): Waiting {
  const bytesOf = (wanted: ShelfRecord["kind"]) =>
    records.filter(({ kind }) => kind === wanted).map(({ bytes }) => bytes);
  return {
    windows: bytesOf("window").map(decodeWindow),
    feedback: bytesOf("feedback").map(decodeFeedback),
  };
}

/** The same for a window on the shelf and in the outbox, where it is told to be late; undefined for what is neither. */
export function keyOf({ kind, bytes }: NewShelfRecord): string | undefined {
  return unlessFormat(() => {
    const isWindow = kind === "window";
    const same = isWindow
      ? encodeWindow(notLate(decodeWindow(bytes)))
      : encodeFeedback(decodeFeedback(bytes));
    return `${kind} ${Buffer.from(same).toString("base64")}`;
  });
}

/** What another version of the program wrote may be read no more; that must not stop this one. */
function unlessFormat<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof FormatError) return undefined;
    throw cause;
  }
}

function notLate(window: TelemetryWindow): TelemetryWindow {
  return { ...window, historical: false };
}

/** What a signed batch carries; nothing when it is none. */
export function keysOfEntry(signed: Uint8Array): readonly string[] {
  const batch = unlessFormat(() => decodeBatch(signed.subarray(SIGNATURE_BYTES)));
  return batch === undefined ? [] : recordsOf(batch).flatMap((record) => keyOf(record) ?? []);
}
