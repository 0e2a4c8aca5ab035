import {
  acceptNextRoot,
  checkDesired,
  checkRelease,
  encodePayload,
  ModelName,
  modelDigest,
  openPinnedRoot,
  payloadTypes,
  sha256,
  signEnvelope,
  type TrustState,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  desiredDocument,
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  fleetState,
  payloadDigest,
  refusal,
  releaseDocument,
  rootDocument,
  seedSigner,
  signDocument,
  signedDesired,
} from "../../support/trust-fixtures.ts";

const { root: rootKeys, release: releaseKey } = fleetKeys;
const clock = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };
const past = { issuedAt: "2020-01-01T00:00:00Z", expires: "2021-01-01T00:00:00Z" };

describe("a document its role has not signed", () => {
  const stranger = seedSigner("stranger");

  test.each([
    ["root", () => nextRoot({}, [rootKeys[0]])],
    ["desired", () => desired(signDocument(desiredDocument(), [stranger]))],
    ["release", () => release({}, stranger)],
  ])("is refused: %s", (_, verdict) => {
    expect(verdict()).toBe("SIGNATURE");
  });
});

describe("a first root that is the pinned one", () => {
  test("is refused without its version", () => {
    const { version: _, ...unversioned } = rootDocument();

    expect(firstRoot(unversioned)).toBe("FORMAT");
    expect(firstRoot({ ...unversioned, version: 1 })).toBe("accepted");
  });
});

describe("members nobody knows", () => {
  test("mean nothing in a root, its keys and its roles", () => {
    const { keys, roles } = rootDocument();
    const marked = Object.entries(keys).map(
      ([id, key]) => [id, { ...key, extra: { a: 1, b: 2 } }] as const,
    );
    const changes = {
      custom: "value",
      keys: Object.fromEntries(marked),
      roles: { ...roles, root: { ...roles.root, another: "value" } },
    };

    expect(nextRoot(changes)).toBe("accepted");
  });

  test("cannot say how a keyid is made: keyid_hash_algorithms means nothing", () => {
    const entries = Object.entries(rootDocument().keys);
    const marked = (id: (keyid: string) => string) => ({
      keys: Object.fromEntries(
        entries.map(([keyid, key]) => [id(keyid), { ...key, keyid_hash_algorithms: ["md5"] }]),
      ),
    });

    expect(nextRoot(marked((keyid) => keyid))).toBe("accepted");
    expect(nextRoot(marked((keyid) => sha256(Buffer.from(keyid))))).toBe("KEYID");
  });
});

describe("what has expired on the device", () => {
  test("does not stop the root that follows an expired root", () => {
    const expired = fleetRoot(past);
    const next = signDocument(rootDocument({ version: 2 }), rootKeys.slice(0, 2));

    const walked = acceptNextRoot(expired, next);

    expect(desired(signedDesired().bytes, { root: expired })).toBe("EXPIRED");
    expect(desired(signedDesired().bytes, { root: walked })).toBe("accepted");
  });

  test("does not stop the desired document that follows an expired one", () => {
    const old = signedDesired({ seq: 7, ...past });
    const held = { seq: 7, desiredSha256: old.sha256 };

    expect(desired(old.bytes, held)).toBe("accepted");
    expect(desired(signedDesired({ seq: 8, ...past }).bytes, held)).toBe("EXPIRED");
    expect(desired(signedDesired({ seq: 8 }).bytes, held)).toBe("accepted");
  });

  test("is never a release: the last good one stays good", () => {
    expect(release({ createdAt: "1990-01-01T00:00:00Z" })).toBe("accepted");
  });
});

describe("kinds of keys", () => {
  test.each([
    ["ed25519", "accepted"],
    ["rsa", "FORMAT"],
    ["ecdsa", "FORMAT"],
  ])("%s in a root: %s", (alg, verdict) => {
    const [[keyid, key] = ["", {}], ...others] = Object.entries(rootDocument().keys);

    expect(nextRoot({ keys: { ...Object.fromEntries(others), [keyid]: { ...key, alg } } })).toBe(
      verdict,
    );
  });
});

describe("files of a release", () => {
  test("may lie in folders of their own", () => {
    expect(release(withFile("path/to/a/target_file.txt"))).toBe("accepted");
  });

  test.each([
    ["sha256 alone", {}, "accepted"],
    ["sha512 alone", { sha256: undefined, sha512: "0".repeat(128) }, "FORMAT"],
    ["both, of which only sha256 counts", { sha512: "0".repeat(128) }, "accepted"],
    ["an unknown algorithm", { sha256: undefined, "unknown-hash": "0".repeat(64) }, "FORMAT"],
  ])("are named by %s: then %s", (_, hashes, verdict) => {
    const [first, ...rest] = releaseDocument().files;

    expect(release({ files: [{ ...first, ...hashes }, ...rest] })).toBe(verdict);
  });
});

function firstRoot(document: object): string {
  const bytes = signEnvelope(payloadTypes.root, encodePayload(document), rootKeys);
  return refusal(() => openPinnedRoot(bytes, payloadDigest(bytes)));
}

/** The verdict about root 2 with these members, after root 1. */
function nextRoot(changes: object, by = rootKeys.slice(0, 2)): string {
  const document = { ...rootDocument({ version: 2 }), ...changes };
  return refusal(() => acceptNextRoot(fleetRoot(), signDocument(document, by)));
}

function desired(bytes: Uint8Array, state: Partial<TrustState> = {}): string {
  return refusal(() => checkDesired(fleetState(state), bytes, clock));
}

function release(changes: object, by = releaseKey): string {
  const bytes = signDocument({ ...releaseDocument(), ...changes }, [by]);
  const model = ModelName.parse("vision.defects");
  const expected = { release: payloadDigest(bytes), model, deviceClass: "cam-v2", floor: 0 };
  return refusal(() => checkRelease(fleetRoot(), bytes, expected));
}

function withFile(path: string): object {
  const { files } = releaseDocument();
  const added = [...files, { path, size: 1, sha256: sha256(Buffer.from(path)) }];
  const parsed = releaseDocument({ files: added, digest: modelDigest([]) }).files;
  return { files: parsed, digest: modelDigest(parsed) };
}
