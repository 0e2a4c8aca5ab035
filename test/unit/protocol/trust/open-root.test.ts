import {
  acceptNextRoot,
  encodePayload,
  openPinnedRoot,
  payloadTypes,
  Sha256,
  type Signer,
  sha256,
  signEnvelope,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fleetKeys,
  fleetRoot,
  keyTable,
  payloadDigest,
  refusal,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../../../support/trust-fixtures.ts";

const { root: rootKeys, release, online } = fleetKeys;
const [first, second, third] = [...rootKeys, online];
const honest = rootDocument();
const pin = (bytes: Uint8Array, digest: Sha256) =>
  refusal(() => openPinnedRoot(bytes, digest, verify));

describe("openPinnedRoot", () => {
  test("takes the pinned root and keeps the bytes it received", () => {
    const bytes = signDocument(honest, [first, third]);
    const root = openPinnedRoot(bytes, payloadDigest(bytes));

    expect(root).toEqual({ document: honest, sha256: payloadDigest(bytes), bytes });
    expect(root.bytes).toBe(bytes);
  });

  test("refuses a root that is not the pinned one", () => {
    expect(pin(signDocument(honest, rootKeys), Sha256.parse("0".repeat(64)))).toBe("DIGEST");
  });

  test("refuses the pinned root below its own threshold", () => {
    const bytes = signDocument(honest, [second]);

    expect(pin(bytes, payloadDigest(bytes))).toBe("SIGNATURE");
  });

  test("refuses a pinned root under another payload type", () => {
    const payload = encodePayload(honest);
    const bytes = signEnvelope(payloadTypes.desired, payload, rootKeys);

    expect(pin(bytes, sha256(payload))).toBe("TYPE");
  });

  test("refuses a pinned root that breaks a rule of loading", () => {
    const payload = encodePayload({ ...honest, version: 0 });
    const bytes = signEnvelope(payloadTypes.root, payload, rootKeys);

    expect(pin(bytes, sha256(payload))).toBe("FORMAT");
  });
});

describe("acceptNextRoot", () => {
  const current = fleetRoot();
  const others = [seedSigner("new 1"), seedSigner("new 2"), seedSigner("new 3")];
  const rotated = rootDocument({
    version: 2,
    keys: keyTable([...others, release, online]),
    roles: { ...honest.roles, root: roleRule(others, 2) },
  });
  const nextBytes = (bytes: Uint8Array) => refusal(() => acceptNextRoot(current, bytes, verify));
  const next = (changes: object, signers: readonly Signer[] = rootKeys) =>
    nextBytes(signDocument(rootDocument(changes), signers));

  test("takes N + 1, and the step after it, and keeps the bytes it received", () => {
    const bytes = signDocument(rootDocument({ version: 2 }), rootKeys);
    const two = acceptNextRoot(current, bytes);
    const three = acceptNextRoot(two, signDocument(rootDocument({ version: 3 }), rootKeys), verify);

    expect(two).toEqual({
      document: rootDocument({ version: 2 }),
      sha256: payloadDigest(bytes),
      bytes,
    });
    expect(three.document.version).toBe(3);
  });

  test.each([1, 3, 4])("F9: refuses version %i after version 1", (version) => {
    expect(next({ version })).toBe("ROOT_CHAIN");
  });

  test("F9: refuses the same version with other contents, and the one before", () => {
    const two = acceptNextRoot(
      current,
      signDocument(rootDocument({ version: 2 }), rootKeys),
      verify,
    );

    expect(next({ version: 1, revokedReleases: [sha256(Buffer.from("x"))] })).toBe("ROOT_CHAIN");
    expect(refusal(() => acceptNextRoot(two, current.bytes, verify))).toBe("ROOT_CHAIN");
  });

  test("F10: refuses a root of another fleet, and one of 10 MB", () => {
    const fleet = "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10";

    expect(next({ version: 2, fleet })).toBe("FLEET");
    expect(nextBytes(Buffer.alloc(10_000_000, " "))).toBe("SIZE");
  });

  test("takes new keys only with the thresholds of the old and of the new root", () => {
    const accept = (signers: readonly Signer[]) => nextBytes(signDocument(rotated, signers));

    expect(accept([...rootKeys.slice(0, 2), ...others.slice(0, 2)])).toBe("accepted");
    expect(accept(rootKeys)).toBe("SIGNATURE");
    expect(accept(others)).toBe("SIGNATURE");
    expect(accept([...rootKeys.slice(0, 2), ...others.slice(0, 1)])).toBe("SIGNATURE");
    expect(accept([...rootKeys.slice(0, 1), ...others.slice(0, 2)])).toBe("SIGNATURE");
  });

  test("refuses what the root keys signed as another kind of document", () => {
    const payload = encodePayload(rootDocument({ version: 2 }));

    expect(nextBytes(signEnvelope(payloadTypes.release, payload, rootKeys))).toBe("TYPE");
  });

  test("takes an expired root, since only the last of a walk is measured by the clock", () => {
    const past = { issuedAt: "2020-01-01T00:00:00Z", expires: "2021-01-01T00:00:00Z" };

    expect(next({ version: 2, ...past })).toBe("accepted");
  });

  test("leaves the current root as it was when it refuses", () => {
    const before = structuredClone(current);
    next({ version: 5 });

    expect(current).toEqual(before);
  });
});
