import {
  create,
  type DescMessage,
  fromBinary,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { FormatError } from "../errors.ts";
import { busLimits } from "../limits.ts";
import { signatureBytes } from "../trust/core/strict-ed25519.ts";
import { DeviceId } from "../units.ts";
import { feedbackFromWire } from "./feedback-from-wire.ts";
import {
  FeedbackWindowSchema,
  TelemetryBatchSchema,
  TelemetryWindowSchema,
} from "./telemetry_pb.ts";
import type { FeedbackWindow, TelemetryBatch, TelemetryWindow } from "./window.ts";
import { windowFromWire } from "./window-from-wire.ts";
import { feedbackToWire, windowToWire } from "./window-to-wire.ts";
import { countOf, refused } from "./wire-check.ts";
import { batchFields, checkShape, windowFields } from "./wire-shape.ts";

/** Bytes of an unsigned batch: in an `up/tele` message the signature stands before it (protocol.md 6.1). */
export const batchBytesMax = busLimits.telemetryBytesMax - signatureBytes;

/**
 * The bytes a device signs and publishes on `up/tele`. Equal batches are equal bytes.
 *
 * @throws FormatError SIZE when the signed message would exceed `busLimits.telemetryBytesMax`
 */
export function encodeBatch(batch: TelemetryBatch): Uint8Array {
  const bytes = toBinary(
    TelemetryBatchSchema,
    create(TelemetryBatchSchema, {
      device: batch.device,
      boot: BigInt(batch.boot),
      seq: BigInt(batch.seq),
      dropped: BigInt(batch.dropped),
      windows: batch.windows.map(windowToWire),
      feedback: batch.feedback.map(feedbackToWire),
    }),
  );
  checkSize(bytes);
  return bytes;
}

/**
 * A batch from bytes whose signature has been checked.
 * Nothing of the payload is believed: every length, count and number is held against `telemetryLimits`.
 *
 * @throws FormatError SIZE, or FORMAT naming the field
 */
export function decodeBatch(bytes: Uint8Array): TelemetryBatch {
  checkSize(bytes);
  const wire = parseWire(TelemetryBatchSchema, bytes, () => checkShape(bytes, batchFields, ""));
  return {
    device: deviceOf(wire.device),
    boot: counter(wire.boot, "boot"),
    seq: counter(wire.seq, "seq"),
    dropped: counter(wire.dropped, "dropped"),
    windows: wire.windows.map((window, i) => windowFromWire(window, `windows[${i}]`)),
    feedback: wire.feedback.map((labels, i) => feedbackFromWire(labels, `feedback[${i}]`)),
  };
}

/** Bytes one window adds to a batch, its frame included. */
export function encodedWindowBytes(window: TelemetryWindow): number {
  // Field number, and a length of at most three bytes.
  return encodeWindow(window).length + 4;
}

/** One window alone, as a store keeps it. Equal windows are equal bytes. */
export function encodeWindow(window: TelemetryWindow): Uint8Array {
  return toBinary(TelemetryWindowSchema, create(TelemetryWindowSchema, windowToWire(window)));
}

/** @throws FormatError SIZE, or FORMAT naming the field */
export function decodeWindow(bytes: Uint8Array): TelemetryWindow {
  checkSize(bytes);
  const wire = parseWire(TelemetryWindowSchema, bytes, () =>
    checkShape(bytes, windowFields, "window"),
  );
  return windowFromWire(wire, "window");
}

/** Labels alone, as a device keeps them. */
export function encodeFeedback(feedback: FeedbackWindow): Uint8Array {
  return toBinary(FeedbackWindowSchema, create(FeedbackWindowSchema, feedbackToWire(feedback)));
}

/** @throws FormatError SIZE, or FORMAT naming the field */
export function decodeFeedback(bytes: Uint8Array): FeedbackWindow {
  checkSize(bytes);
  const wire = parseWire(FeedbackWindowSchema, bytes, () => undefined);
  return feedbackFromWire(wire, "feedback");
}

function checkSize(bytes: Uint8Array): void {
  if (bytes.length <= batchBytesMax) return;
  throw new FormatError(
    "SIZE",
    `expected a telemetry batch of at most ${batchBytesMax} bytes, got ${bytes.length}`,
  );
}

function parseWire<Schema extends DescMessage>(
  schema: Schema,
  bytes: Uint8Array,
  check: () => void,
): MessageShape<Schema> {
  try {
    check();
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch (cause) {
    if (cause instanceof FormatError) throw cause;
    throw new FormatError(
      "FORMAT",
      `expected ${schema.name}, got ${bytes.length} bytes that are not one`,
      { cause },
    );
  }
}

function deviceOf(text: string): DeviceId {
  const device = DeviceId.safeParse(text);
  if (device.success) return device.data;
  throw refused({ place: "", name: "device" }, "a device id", `${text.length} characters`);
}

function counter(value: bigint, name: string): number {
  return countOf(value, Number.MAX_SAFE_INTEGER, { place: "", name });
}
