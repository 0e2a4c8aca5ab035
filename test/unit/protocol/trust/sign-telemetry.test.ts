import {
  busLimits,
  encodeSignedBatch,
  keyIdOf,
  openEnvelope,
  openSignedBatch,
  payloadTypes,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { fleetKeys, refusal, seedSigner } from "../../../support/trust-fixtures.ts";

const { device } = fleetKeys;
const body = new Uint8Array(Buffer.from("protobuf bytes"));
const frame = encodeSignedBatch(device, body);
const open = (bytes: Uint8Array, key = device.publicKey) =>
  refusal(() => openSignedBatch(key, bytes));

describe("a telemetry frame", () => {
  test("is 64 bytes of signature and then the body", () => {
    expect(frame).toHaveLength(64 + body.length);
    expect(openSignedBatch(device.publicKey, frame)).toEqual(body);
  });

  test("of another device is refused", () => {
    expect(open(frame, seedSigner("another device").publicKey)).toBe("SIGNATURE");
  });

  test("with any byte changed is refused", () => {
    for (const at of frame.keys()) {
      const changed = frame.map((byte, index) => (index === at ? byte ^ 1 : byte));

      expect(open(changed)).toBe("SIGNATURE");
    }
  });

  test("of 64 bytes or fewer has no body", () => {
    for (const length of [0, 1, 63, 64]) expect(open(frame.subarray(0, length))).toBe("FORMAT");
  });

  test("of exactly 32 KiB is taken, one byte more is not", () => {
    const most = new Uint8Array(busLimits.telemetryBytesMax - 64);
    const larger = new Uint8Array(most.length + 1);

    expect(open(encodeSignedBatch(device, most))).toBe("accepted");
    expect(refusal(() => encodeSignedBatch(device, larger))).toBe("SIZE");
    expect(open(new Uint8Array(busLimits.telemetryBytesMax + 1))).toBe("SIZE");
  });

  test("signs telemetry and nothing else: a signature over the bare body is refused", () => {
    const bare = new Uint8Array([...device.sign(body), ...body]);

    expect(open(bare)).toBe("SIGNATURE");
  });

  test("is not an envelope", () => {
    const role = { keys: new Map([[keyIdOf(device.publicKey), device.publicKey]]), threshold: 1 };

    expect(refusal(() => openEnvelope(frame, payloadTypes.report, role))).toBe("FORMAT");
  });
});
