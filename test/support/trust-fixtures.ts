/**
 * A small fleet with real keys from fixed seeds, and signed documents of it.
 *
 * - `seedSigner(name)`: an Ed25519 signer whose seed, `seedOf(name)`, is SHA-256 of the name; the same on every run.
 * - `fixtureDevice`, `fixtureFleet`: its device and its id.
 * - `fleetKeys`: the signers of the fleet: `root` (three, threshold 2), `release`, `online`, `device`.
 * - `fixtureTimes`: the moments the documents live in, in milliseconds: `issuedAtMs`, `nowMs`, `expiresAtMs`.
 * - `keyTable(signers)`, `roleRule(signers, threshold)`: parts of a root document.
 * - `rootDocument(changes)`, `releaseDocument(changes)`, `desiredDocument(changes)`: valid payloads, with changes.
 * - `signDocument(document, signers)`: its envelope; `payloadDigest(envelope)`: the digest of its payload.
 * - `fleetRoot(changes)`: the verified root; `fleetState(changes)`: a device that trusts it and accepted nothing yet.
 * - `signedRelease(changes)`, `signedDesired(changes)`: envelopes by the right keys, with digest; the desired names
 *   the release of `signedRelease()` unless `models` is changed.
 * - `refusal(run)`: the code of the coded error it throws, `"accepted"` when it throws nothing.
 */
import { createHash } from "node:crypto";
import {
  DesiredDocument,
  DeviceId,
  decodeEnvelope,
  ed25519Signer,
  encodeBase64,
  encodePayload,
  formatTimestamp,
  initialTrustState,
  isCodedError,
  keyIdOf,
  modelDigest,
  openPinnedRoot,
  payloadTypes,
  ReleaseDocument,
  RootDocument,
  type Sha256,
  type Signer,
  sha256,
  signEnvelope,
  type TrustState,
  type VerifiedRoot,
  verifySignatureNative,
} from "@modelfleet/protocol";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const issuedAtMs = Date.parse("2026-11-21T08:00:00Z");

export const fixtureTimes = {
  issuedAtMs,
  nowMs: issuedAtMs + HOUR_MS,
  expiresAtMs: issuedAtMs + 7 * DAY_MS,
} as const;

export const fixtureDevice = DeviceId.parse("cam-0017");
export const fixtureFleet = "6c6f7f0e-8a2d-4a54-9c0e-3b5a1f0d2c11";

export function seedOf(name: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(name).digest());
}

export function seedSigner(name: string): Signer {
  return ed25519Signer(seedOf(name));
}

export const fleetKeys = {
  root: [seedSigner("root 1"), seedSigner("root 2"), seedSigner("root 3")],
  release: seedSigner("release"),
  online: seedSigner("online"),
  device: seedSigner("device"),
} as const;

/** `keys` of a root document for these signers. */
export function keyTable(signers: readonly Signer[]): Record<string, object> {
  return Object.fromEntries(
    signers.map(({ publicKey }) => [
      keyIdOf(publicKey),
      { alg: "ed25519", public: encodeBase64(publicKey) },
    ]),
  );
}

/** One role of a root document. */
export function roleRule(signers: readonly Signer[], threshold: number) {
  return { keyids: signers.map(({ publicKey }) => keyIdOf(publicKey)), threshold };
}

export function rootDocument(changes: object = {}): RootDocument {
  const { root, release, online } = fleetKeys;
  return RootDocument.parse({
    type: "root",
    spec: 1,
    fleet: fixtureFleet,
    version: 1,
    issuedAt: formatTimestamp(issuedAtMs),
    expires: formatTimestamp(issuedAtMs + 365 * DAY_MS),
    keys: keyTable([...root, release, online]),
    roles: {
      root: roleRule(root, 2),
      release: [{ name: "default", models: ["*"], ...roleRule([release], 1) }],
      online: roleRule([online], 1),
    },
    revokedReleases: [],
    ...changes,
  });
}

export function releaseDocument(changes: object = {}): ReleaseDocument {
  const files = [
    { path: "model.onnx", size: 1_234, sha256: sha256(Buffer.from("model")) },
    { path: "golden.json", size: 912, sha256: sha256(Buffer.from("golden")) },
  ];
  const tensor = { dtype: "float32", shape: [1, 10] };
  return ReleaseDocument.parse({
    type: "release",
    spec: 1,
    fleet: fixtureFleet,
    model: "vision.defects",
    version: "2.3.0",
    securityVersion: 4,
    createdAt: formatTimestamp(issuedAtMs),
    format: "onnx",
    entry: "model.onnx",
    files,
    digest: modelDigest(ReleaseDocument.shape.files.parse(files)),
    compat: { classes: ["cam-v2"], runtime: "onnxruntime>=1.20", minMemoryMiB: 192 },
    io: { inputs: [{ name: "x", ...tensor }], outputs: [{ name: "y", ...tensor }] },
    limits: { memoryMiB: 900, loadMs: 20_000, inferMs: 500 },
    selfTest: { file: "golden.json" },
    ...changes,
  });
}

export function desiredDocument(changes: object = {}): DesiredDocument {
  const release = signedRelease();
  return DesiredDocument.parse({
    type: "desired",
    spec: 1,
    fleet: fixtureFleet,
    device: fixtureDevice,
    seq: 1,
    rootVersion: 1,
    issuedAt: formatTimestamp(issuedAtMs),
    expires: formatTimestamp(fixtureTimes.expiresAtMs),
    models: [
      {
        slot: "main",
        model: "vision.defects",
        release: release.sha256,
        size: release.bytes.length,
        activate: "now",
      },
    ],
    ...changes,
  });
}

/** The envelope of a document; its `type` names the payload type. */
export function signDocument(
  document: { readonly type: keyof typeof payloadTypes },
  signers: readonly Signer[],
): Uint8Array {
  return signEnvelope(payloadTypes[document.type], encodePayload(document), signers);
}

export function payloadDigest(envelope: Uint8Array): Sha256 {
  return sha256(decodeEnvelope(envelope).payload);
}

export interface Signed {
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
}

export function signedRelease(changes: object = {}): Signed {
  const bytes = signDocument(releaseDocument(changes), [fleetKeys.release]);
  return { bytes, sha256: payloadDigest(bytes) };
}

export function signedDesired(changes: object = {}): Signed {
  const bytes = signDocument(desiredDocument(changes), [fleetKeys.online]);
  return { bytes, sha256: payloadDigest(bytes) };
}

export function fleetRoot(changes: object = {}): VerifiedRoot {
  const bytes = signDocument(rootDocument(changes), fleetKeys.root);
  return openPinnedRoot(bytes, payloadDigest(bytes), verifySignatureNative);
}

export function fleetState(changes: Partial<TrustState> = {}): TrustState {
  return { ...initialTrustState(fleetRoot(), fixtureDevice, 0), ...changes };
}

export function refusal(run: () => unknown): string {
  try {
    run();
    return "accepted";
  } catch (error) {
    if (isCodedError(error)) return error.code;
    throw error;
  }
}
