import {
  acceptDesired,
  acceptNextRoot,
  checkDesired,
  checkRelease,
  DesiredDocument,
  encodePayload,
  loadRoot,
  openPinnedRoot,
  payloadTypes,
  type Sha256,
  sha256,
  signEnvelope,
  VerifyError,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  desiredDocument,
  fixtureFleet,
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  fleetState,
  keyTable,
  payloadDigest,
  releaseDocument,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
  signedDesired,
  signedRelease,
} from "../../../support/trust-fixtures.ts";

const fleet = "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10";
const zeros = "0".repeat(64) as Sha256;
const root = fleetRoot();
const release = signedRelease();
const state = { ...fleetState(), seq: 7, desiredSha256: zeros };
const context = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };
const honest = rootDocument();
const [slot] = desiredDocument().models;
const alias = keyTable([seedSigner("alias")]);
const [aliasId = ""] = Object.keys(alias);
const expires = "2026-11-21T09:00:00Z";

type Row = readonly [code: string, message: string, run: () => unknown];

const desiredRows: readonly Row[] = [
  ["FLEET", `expected fleet ${fixtureFleet}, got ${fleet}`, () => desired({ fleet })],
  ["DEVICE", "expected device cam-0017, got cam-0018", () => desired({ device: "cam-0018" })],
  [
    "ROOT_TOO_OLD",
    "expected root ≤ 1, got 2; fetch the newer root first",
    () => desired({ rootVersion: 2 }),
  ],
  ["ROLLBACK", "expected seq > 7, got 6", () => desired({ seq: 6 })],
  ["EQUIVOCATION", "expected seq > 7, got it with other bytes", () => desired({ seq: 7 })],
  [
    "NOT_FRESH",
    "expected the nonce of this device's hello; say hello",
    () => desired({ seq: 8 }, { requireNonce: true }),
  ],
  [
    "EXPIRED",
    `expected a desired valid now, got one that ended ${expires}`,
    () => desired({ seq: 8, expires }),
  ],
  [
    "EXPIRED",
    `expected a root valid now, got one that ended ${expires}`,
    () => desired({ seq: 8 }, {}, { ...state, root: fleetRoot({ expires }) }),
  ],
  [
    "FORMAT",
    "expires: expected a moment after issuedAt",
    () => desired({ expires: desiredDocument().issuedAt }),
  ],
  ["FORMAT", "models: expected each slot once", () => desired({ models: [slot, slot] })],
];

const releaseRows: readonly Row[] = [
  [
    "SIZE",
    `expected a release of 7 B, got ${release.bytes.length}`,
    () => checked({}, { size: 7 }),
  ],
  [
    "DIGEST",
    `expected release ${zeros}, got ${release.sha256}`,
    () => checked({}, { release: zeros }),
  ],
  [
    "REVOKED",
    `release ${release.sha256} is revoked by the root`,
    () => checked({}, {}, fleetRoot({ revokedReleases: [release.sha256] })),
  ],
  ["FLEET", `expected fleet ${fixtureFleet}, got ${fleet}`, () => checked({ fleet })],
  [
    "MODEL",
    "expected model vision.defects, got audio.voice",
    () => checked({ model: "audio.voice" }),
  ],
  ["CLASS", "expected a release for class cam-v3", () => checked({}, { deviceClass: "cam-v3" })],
  [
    "FLOOR",
    "expected securityVersion ≥ 5, got 4",
    () => checked({ securityVersion: 4 }, { floor: 5 }),
  ],
  [
    "FORMAT",
    "files: expected paths that differ in more than case",
    () => checked({ files: [...releaseDocument().files, ...releaseDocument().files] }),
  ],
  [
    "FORMAT",
    "files: expected entry, selfTest and drift files to be listed",
    () => checked({ entry: "other.onnx" }),
  ],
  [
    "DIGEST",
    `digest: expected ${releaseDocument().digest}, got ${zeros}`,
    () => checked({ digest: zeros }),
  ],
];

const rootRows: readonly Row[] = [
  [
    "ROOT_INVALID",
    "expires: expected a moment after issuedAt",
    () => load({ expires: honest.issuedAt }),
  ],
  [
    "ROOT_INVALID",
    `keys.${sha256(new Uint8Array(32))}: expected a strict Ed25519 public key`,
    () => load({ keys: { ...honest.keys, ...keyTable([weak()]) } }),
  ],
  [
    "KEYID",
    `keys.${zeros}: expected the SHA-256 of its public key`,
    () => load({ keys: { ...honest.keys, [zeros]: alias[aliasId] } }),
  ],
  [
    "ROOT_INVALID",
    "keyids: expected each keyid once in a role",
    () => withOnline({ keyids: [aliasId, aliasId], threshold: 1 }),
  ],
  [
    "ROOT_INVALID",
    "keyids: expected only ids that stand in keys",
    () => withOnline({ keyids: [aliasId], threshold: 1 }),
  ],
  [
    "ROOT_INVALID",
    "threshold: expected ≤ 1 distinct keys, got 2",
    () => withOnline(roleRule([fleetKeys.online], 2)),
  ],
  [
    "ROOT_INVALID",
    "roles.online: expected no key of roles.root",
    () => withOnline(roleRule(fleetKeys.root, 1)),
  ],
  ["FORMAT", "version: Too small: expected number to be >=1", () => load({ version: 0 })],
  ["ROOT_CHAIN", "expected root 2, got 3", () => next({ version: 3 })],
  ["FLEET", `expected fleet ${fixtureFleet}, got another`, () => next({ version: 2, fleet })],
  [
    "DIGEST",
    `expected the root ${zeros}, got ${payloadDigest(root.bytes)}`,
    () => openPinnedRoot(root.bytes, zeros, verify),
  ],
];

describe("a refusal says what was expected and what came:", () => {
  test.each([...desiredRows, ...releaseRows, ...rootRows])("%s, %s", (code, message, run) => {
    expect(thrown(run)).toEqual({ kind: VerifyError, code, message });
  });

  test("and a caller's mistake, which slot lacks its release", () => {
    const document = DesiredDocument.parse(desiredDocument());
    const news = { kind: "new", desired: document, sha256: zeros, timeFloorMs: 0 } as const;

    expect(() => acceptDesired(state, news, [])).toThrow(
      new RangeError("expected a checked release for slot main"),
    );
  });
});

function desired(changes: object, given: object = {}, to = state): unknown {
  return checkDesired(to, signedDesired(changes).bytes, { ...context, ...given }, verify);
}

function checked(changes: object, given: object = {}, under = root): unknown {
  const payload = encodePayload({ ...releaseDocument(), ...changes });
  const bytes = signEnvelope(payloadTypes.release, payload, [fleetKeys.release]);
  const { model } = releaseDocument();
  const expected = { release: sha256(payload), model, deviceClass: "cam-v2", floor: 0, ...given };
  return checkRelease(under, bytes, expected, verify);
}

function load(changes: object): unknown {
  return loadRoot(encodePayload({ ...honest, ...changes }));
}

function withOnline(online: object): unknown {
  return load({ roles: { ...honest.roles, online } });
}

function next(changes: object): unknown {
  return acceptNextRoot(root, signDocument(rootDocument(changes), fleetKeys.root), verify);
}

function weak() {
  return { publicKey: new Uint8Array(32), sign: () => new Uint8Array(64) };
}

function thrown(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    return { kind: error.constructor, code: error.code, message: error.message };
  }
}
