import {
  acceptDesired,
  acceptNextRoot,
  checkDesired,
  type DesiredContext,
  encodeSignedBatch,
  formatTimestamp,
  needsNonce,
  payloadTypes,
  signEnvelope,
  type TrustState,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  desiredDocument,
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  fleetState,
  refusal,
  releaseDocument,
  rootDocument,
  signDocument,
  signedDesired,
} from "../../../support/trust-fixtures.ts";

const { issuedAtMs, nowMs, expiresAtMs } = fixtureTimes;
const DAY_MS = 86_400_000;
const nonce = Buffer.alloc(16, 1).toString("base64");
const otherNonce = Buffer.alloc(16, 2).toString("base64");
const context: DesiredContext = { nowMs, expectedNonce: null, requireNonce: false };
const state = fleetState();

const check = (changes: object, given: Partial<DesiredContext> = {}, from = state) =>
  checkBytes(signedDesired(changes).bytes, given, from);

function checkBytes(bytes: Uint8Array, given: Partial<DesiredContext> = {}, from = state): string {
  return refusal(() => checkDesired(from, bytes, { ...context, ...given }, verify));
}

describe("a desired document", () => {
  test("of this device, signed by the online key, is new", () => {
    const { bytes, sha256 } = signedDesired();

    expect(checkDesired(state, bytes, context, verify)).toEqual({
      kind: "new",
      desired: desiredDocument(),
      sha256,
      timeFloorMs: issuedAtMs,
    });
  });

  test("may name no model at all: slots that are not named stay as they are", () => {
    expect(check({ models: [] })).toBe("accepted");
  });

  test.each([
    ["the release key", fleetKeys.release],
    ["a root key", fleetKeys.root[0]],
    ["the device itself", fleetKeys.device],
  ])("F13: signed by %s is refused", (_, signer) => {
    const bytes = signDocument(desiredDocument(), [signer]);

    expect(checkBytes(bytes)).toBe("SIGNATURE");
  });

  test("F13: cannot be a release, nor telemetry of the online key", () => {
    const release = signDocument(releaseDocument(), [fleetKeys.online]);
    const telemetry = encodeSignedBatch(fleetKeys.online, Buffer.from("any"));
    const wrapped = signEnvelope(payloadTypes.telemetry, Buffer.from("any"), [fleetKeys.online]);

    expect(checkBytes(release)).toBe("TYPE");
    expect(checkBytes(telemetry)).toBe("FORMAT");
    expect(checkBytes(wrapped)).toBe("TYPE");
  });

  test("F32: of another device or fleet is refused", () => {
    expect(check({ device: "cam-0018" })).toBe("DEVICE");
    expect(check({ fleet: "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10" })).toBe("FLEET");
  });

  test("written under a newer root waits for that root", () => {
    const next = signDocument(rootDocument({ version: 2 }), fleetKeys.root);
    const walked = { ...state, root: acceptNextRoot(state.root, next, verify) };

    expect(check({ rootVersion: 2 })).toBe("ROOT_TOO_OLD");
    expect(check({ rootVersion: 2 }, {}, walked)).toBe("accepted");
    expect(check({ rootVersion: 1 }, {}, walked)).toBe("accepted");
  });

  test.each([
    ["a slot named twice", { models: [...desiredDocument().models, ...desiredDocument().models] }],
    ["an end at its beginning", { expires: formatTimestamp(issuedAtMs) }],
  ])("with %s is refused", (_, changes) => {
    expect(check(changes)).toBe("FORMAT");
  });

  test.each([
    "9007199254740992",
    "1e3",
    "1000.0",
    "1.5",
    "-1",
    "-0",
    '"5"',
    "null",
    "[5]",
    "true",
  ])("F27: with seq %s is refused", (seq) => {
    const text = JSON.stringify(desiredDocument({ seq: 5 })).replace('"seq":5', `"seq":${seq}`);
    const bytes = signEnvelope(payloadTypes.desired, Buffer.from(text), [fleetKeys.online]);

    expect(text).toContain(`"seq":${seq},`);
    expect(checkBytes(bytes)).toBe("FORMAT");
  });

  test("F27: takes the highest seq there is", () => {
    expect(check({ seq: Number.MAX_SAFE_INTEGER })).toBe("accepted");
  });
});

describe("the order of desired documents", () => {
  const accepted = acceptedState({ seq: 128 });

  test("F15: the same bytes again are the same, even when they have expired", () => {
    const late = { ...context, nowMs: expiresAtMs + DAY_MS, requireNonce: true };

    const checked = checkDesired(accepted, signedDesired({ seq: 128 }).bytes, late, verify);

    expect(checked).toEqual({ kind: "same", desired: desiredDocument({ seq: 128 }) });
  });

  test("F15: the same number with other bytes is equivocation", () => {
    expect(check({ seq: 128, models: [] }, {}, accepted)).toBe("EQUIVOCATION");
  });

  test("F15: a lower number is a rollback, a higher one is news", () => {
    expect(check({ seq: 127 }, {}, accepted)).toBe("ROLLBACK");
    expect(check({ seq: 0 }, {}, accepted)).toBe("ROLLBACK");
    expect(check({ seq: 129 }, {}, accepted)).toBe("accepted");
  });

  test("the answer to a hello has a new number and so is news", () => {
    expect(check({ seq: 129, nonce }, { expectedNonce: nonce }, accepted)).toBe("accepted");
    expect(check({ seq: 128, nonce }, { expectedNonce: nonce }, accepted)).toBe("EQUIVOCATION");
  });

  test("number 0 is never news: counting starts at 1", () => {
    expect(check({ seq: 0 })).toBe("ROLLBACK");
  });
});

describe("time", () => {
  test("F19: a document is good until the second it expires", () => {
    expect(check({}, { nowMs: expiresAtMs - 1 })).toBe("accepted");
    expect(check({}, { nowMs: expiresAtMs })).toBe("EXPIRED");
  });

  test("the floor counts when the clock is behind it", () => {
    const later = { ...state, timeFloorMs: expiresAtMs };

    expect(check({}, { nowMs: 0 })).toBe("accepted");
    expect(check({}, { nowMs: 0 }, later)).toBe("EXPIRED");
  });

  test("a document with this device's nonce is fresh whatever the clock says", () => {
    const far = { nowMs: Date.parse("2099-01-01T00:00:00Z"), expectedNonce: nonce };

    expect(check({ nonce }, far)).toBe("accepted");
    expect(check({ nonce: otherNonce }, far)).toBe("EXPIRED");
    expect(check({}, far)).toBe("EXPIRED");
    expect(check({ nonce }, { ...far, expectedNonce: null })).toBe("EXPIRED");
  });

  test("where a nonce is required, nothing else will do", () => {
    const strict = { requireNonce: true, expectedNonce: nonce };

    expect(check({ nonce }, strict)).toBe("accepted");
    expect(check({ nonce: otherNonce }, strict)).toBe("NOT_FRESH");
    expect(check({}, strict)).toBe("NOT_FRESH");
    expect(check({}, { requireNonce: true, expectedNonce: null })).toBe("NOT_FRESH");
    expect(check({}, { requireNonce: true, expectedNonce: undefined as never })).toBe("NOT_FRESH");
  });

  test("F19: an expired root stops new documents, unless the document brings an earlier time of its own", () => {
    const expires = formatTimestamp(nowMs);
    const old = { ...state, root: fleetRoot({ expires }) };

    expect(check({}, { nowMs: nowMs - 1 }, old)).toBe("accepted");
    expect(check({}, {}, old)).toBe("EXPIRED");
    expect(check({ nonce }, { expectedNonce: nonce }, old)).toBe("accepted");
  });

  test("the floor never falls, and never rises above an accepted issue date", () => {
    const floored = { ...state, timeFloorMs: issuedAtMs + 5_000 };
    const far = { ...context, nowMs: expiresAtMs - 1 };

    expect(checkDesired(floored, signedDesired().bytes, context, verify)).toMatchObject({
      timeFloorMs: issuedAtMs + 5_000,
    });
    expect(checkDesired(state, signedDesired().bytes, far, verify)).toMatchObject({
      timeFloorMs: issuedAtMs,
    });
  });

  test("a first boot and an implausible clock need a nonce", () => {
    const accepted = acceptedState();
    const floor = accepted.timeFloorMs;

    expect(needsNonce(state, nowMs)).toBe(true);
    expect(needsNonce(accepted, nowMs)).toBe(false);
    expect(needsNonce(accepted, floor - DAY_MS)).toBe(false);
    expect(needsNonce(accepted, floor - DAY_MS - 1)).toBe(true);
    expect(needsNonce(accepted, floor + 5 * 365 * DAY_MS)).toBe(false);
    expect(needsNonce(accepted, floor + 5 * 365 * DAY_MS + 1)).toBe(true);
  });
});

function acceptedState(changes: object = {}): TrustState {
  const checked = checkDesired(state, signedDesired(changes).bytes, context, verify);
  if (checked.kind === "same") throw new Error("expected a new document");
  const releases = checked.desired.models.map((model) => ({ model, document: releaseDocument() }));
  return acceptDesired(state, checked, releases);
}
