import {
  type CredentialMessage,
  type EnrolMessage,
  EnrolMessage as EnrolSchema,
  encodeBase64,
  encodePayload,
  openCredential,
  openDeviceMessage,
  openEnrolMessage,
  payloadTypes,
  ReportMessage,
  signDeviceMessage,
  signEnvelope,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fixtureDevice,
  fixtureFleet,
  fleetKeys,
  fleetRoot,
  refusal,
  seedSigner,
} from "../../../support/trust-fixtures.ts";

const { device, online } = fleetKeys;
const nonce = Buffer.alloc(16, 3).toString("base64");
const report = ReportMessage.parse({
  type: "report",
  spec: 1,
  device: fixtureDevice,
  boot: 1,
  seq: 2,
  issuedAt: "2026-11-21T08:00:00Z",
  clock: "synced",
  desiredSeq: 1,
  items: [],
  slots: [],
  dropped: 0,
});

describe("a device's message", () => {
  const bytes = signDeviceMessage(device, "report", report);

  test("signed by the device's key reads back", () => {
    expect(openDeviceMessage(bytes, "report", device.publicKey)).toEqual(report);
  });

  test("of another key, or of another type, is refused", () => {
    const stranger = seedSigner("stranger").publicKey;

    expect(refusal(() => openDeviceMessage(bytes, "report", stranger))).toBe("SIGNATURE");
    expect(refusal(() => openDeviceMessage(bytes, "hello", device.publicKey))).toBe("TYPE");
  });

  test("of a wrong form is refused, naming the field", () => {
    const payload = encodePayload({ ...report, slots: [{ slot: "Main" }] });
    const wrong = signEnvelope(payloadTypes.report, payload, [device]);
    const open = () => openDeviceMessage(wrong, "report", device.publicKey);

    expect(refusal(open)).toBe("FORMAT");
    expect(open).toThrow(/^slots\[0\]\.slot: expected 1–32 characters/);
  });

  test("under a key that is no key is refused and does not throw anything else", () => {
    expect(refusal(() => openDeviceMessage(bytes, "report", new Uint8Array(31)))).toBe("SIGNATURE");
  });
});

describe("an enrol message", () => {
  const message: EnrolMessage = EnrolSchema.parse({
    type: "enrol",
    spec: 1,
    claimId: "k3v9x2m7",
    publicKey: encodeBase64(device.publicKey),
    class: "cam-v2",
    nonce,
  });

  test("proves that its sender holds the key it brings", () => {
    const opened = openEnrolMessage(signDeviceMessage(device, "enrol", message));

    expect(opened.message).toEqual(message);
    expect(opened.publicKey).toEqual(device.publicKey);
    expect(opened.payload).toEqual(encodePayload(message));
  });

  test("that brings somebody else's key is refused", () => {
    const stolen = signDeviceMessage(seedSigner("thief"), "enrol", message);

    expect(refusal(() => openEnrolMessage(stolen))).toBe("SIGNATURE");
  });

  test.each([
    ["spare bits", encodeBase64(device.publicKey).replace(/.=$/, "B=")],
    ["31 bytes", encodeBase64(device.publicKey.subarray(1))],
    ["no base64", "x".repeat(43)],
    ["small order", encodeBase64(new Uint8Array(32))],
  ])("with a key of %s is refused", (_, publicKey) => {
    const wrong = signDeviceMessage(device, "enrol", { ...message, publicKey });

    expect(refusal(() => openEnrolMessage(wrong))).toBe("FORMAT");
  });
});

describe("a credential", () => {
  const credential = {
    type: "credential",
    spec: 1,
    fleet: fixtureFleet,
    device: fixtureDevice,
    nonce,
    issuedAt: "2026-11-21T08:00:00Z",
    rootVersion: 1,
    secret: "s".repeat(43),
  };
  const sign = (changes: Partial<Record<keyof CredentialMessage, unknown>>, signer = online) =>
    signEnvelope(payloadTypes.credential, encodePayload({ ...credential, ...changes }), [signer]);
  const open = (bytes: Uint8Array) => refusal(() => openCredential(fleetRoot(), bytes, nonce));

  test("signed by the online key for this request is accepted", () => {
    expect(openCredential(fleetRoot(), sign({}), nonce)).toEqual(credential);
  });

  test("of another signer, fleet or request is refused", () => {
    const fleet = "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10";

    expect(open(sign({}, fleetKeys.release))).toBe("SIGNATURE");
    expect(open(sign({ fleet }))).toBe("FLEET");
    expect(open(sign({ nonce: Buffer.alloc(16, 4).toString("base64") }))).toBe("NOT_FRESH");
  });
});
