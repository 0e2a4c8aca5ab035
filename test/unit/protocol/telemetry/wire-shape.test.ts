import {
  DeviceId,
  decodeBatch,
  encodeBatch,
  FormatError,
  type TelemetryBatch,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { emptyWindow } from "../../../support/telemetry/windows.ts";

const batch: TelemetryBatch = {
  ...{ device: DeviceId.parse("cabinet-7"), boot: 3, seq: 41, dropped: 2 },
  ...{ windows: [emptyWindow], feedback: [] },
};
/** A whole number, 1, in field 15: none that this version knows. */
const unknown = [0x78, 1];
/** What stands in a batch besides its windows: device, boot, seq, dropped. */
const PLAIN_FIELDS = 4;

function withUnknownFields(count: number): Uint8Array {
  return Uint8Array.from([
    ...encodeBatch(batch),
    ...Array.from({ length: count }, () => unknown).flat(),
  ]);
}

test("fields of an agent to come are passed over", () => {
  const most = telemetryLimits.plainFieldsMax - PLAIN_FIELDS;

  expect(decodeBatch(withUnknownFields(1))).toEqual(batch);
  expect(decodeBatch(withUnknownFields(most))).toEqual(batch);
});

test("one more than a message may have is refused, before anything is made of it", () => {
  const bytes = withUnknownFields(telemetryLimits.plainFieldsMax - PLAIN_FIELDS + 1);

  expect(() => decodeBatch(bytes)).toThrow(FormatError);
  expect(() => decodeBatch(bytes)).toThrow(
    `telemetry fields: at most ${telemetryLimits.plainFieldsMax} that are no lists`,
  );
});
