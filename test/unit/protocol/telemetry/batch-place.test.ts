import { DeviceId, encodeBatch, readBatchPlace } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { emptyWindow } from "../../../support/telemetry/windows.ts";

const named = { device: DeviceId.parse("cabinet-7"), boot: 3, seq: 2 ** 40, dropped: 1 };
const batch = { ...named, feedback: [] };
const place = { device: "cabinet-7", boot: 3, seq: 2 ** 40 };

test("the place of a batch is read whatever its windows hold", () => {
  const windows = Array.from({ length: 17 }, () => ({
    ...emptyWindow,
    slot: "not a slot" as never,
  }));

  expect(readBatchPlace(encodeBatch({ ...batch, windows }))).toEqual(place);
  expect(
    readBatchPlace(Uint8Array.from([...encodeBatch({ ...batch, windows: [] }), 0x2a, 1, 0xff])),
  ).toEqual(place);
});

test("what is not the wire form, or counts beyond 2^53, has no place", () => {
  const bytes = encodeBatch({ ...batch, windows: [emptyWindow] });

  expect(readBatchPlace(bytes.subarray(0, bytes.length - 1))).toBeUndefined();
  expect(readBatchPlace(encodeBatch({ ...batch, boot: 2 ** 53, windows: [] }))).toBeUndefined();
});
