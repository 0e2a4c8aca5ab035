import {
  acceptNextRoot,
  encodePayload,
  formatTimestamp,
  keyIdOf,
  loadRoot,
  ModelName,
  openPinnedRoot,
  releaseRoleOf,
  roleOf,
  Sha256,
  sha256,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fixtureTimes,
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
const load = (changes: object) => refusal(() => loadRoot(encodePayload({ ...honest, ...changes })));
const withRoles = (roles: object) => load({ roles: { ...honest.roles, ...roles } });

describe("loadRoot", () => {
  test("reads an honest root", () => {
    expect(loadRoot(encodePayload(honest))).toEqual(honest);
  });

  test.each([
    0,
    -1,
    1.5,
    4,
    33,
    "2",
    null,
  ])("F7: refuses a threshold of %s for three keys", (threshold) => {
    expect(withRoles({ root: { ...roleRule(rootKeys, 2), threshold } })).toBe("ROOT_INVALID");
    const rule = { name: "default", models: ["*"], ...roleRule(rootKeys, 1), threshold };
    expect(withRoles({ release: [rule] })).toBe("ROOT_INVALID");
  });

  test.each([1, 2, 3])("takes a threshold of %i for three keys", (threshold) => {
    expect(withRoles({ root: roleRule(rootKeys, threshold) })).toBe("accepted");
  });

  test("F5: refuses one public key under a second id", () => {
    const [key] = Object.values(honest.keys);

    expect(load({ keys: { ...honest.keys, [sha256(Buffer.from("alias"))]: key } })).toBe("KEYID");
  });

  test.each([
    ["of small order", new Uint8Array(32)],
    ["of small order, negative", new Uint8Array(32).fill(0).with(31, 0x80)],
    ["not canonical", new Uint8Array(32).fill(0xff).with(0, 0xf0)],
  ])("F7: refuses a key %s", (_, publicKey) => {
    const keys = keyTable([{ publicKey, sign: () => publicKey }]);

    expect(load({ keys: { ...honest.keys, ...keys } })).toBe("ROOT_INVALID");
  });

  test("refuses a role that lists a key twice or one it does not have", () => {
    const [id] = honest.roles.root.keyids;

    expect(withRoles({ root: { keyids: [id, id], threshold: 1 } })).toBe("ROOT_INVALID");
    expect(withRoles({ root: roleRule([seedSigner("stranger")], 1) })).toBe("ROOT_INVALID");
  });

  test("refuses a key that is both root and online", () => {
    expect(withRoles({ online: roleRule(rootKeys.slice(0, 1), 1) })).toBe("ROOT_INVALID");
  });

  test("refuses a root that expires when it is issued", () => {
    const at = (ms: number) => formatTimestamp(fixtureTimes.issuedAtMs + ms);

    expect(load({ expires: at(1_000) })).toBe("accepted");
    expect(load({ expires: at(0) })).toBe("ROOT_INVALID");
  });

  test.each([
    ["another spec", { spec: 2 }],
    ["another type", { type: "release" }],
    ["a version of 0", { version: 0 }],
    ["a day that is none", { expires: "2027-02-30T00:00:00Z" }],
    ["a time with milliseconds", { expires: "2027-02-20T00:00:00.000Z" }],
    ["no release rule", { roles: { ...honest.roles, release: [] } }],
    ["a model pattern with a star inside", ruled(["vis*on"])],
  ])("refuses %s", (_, changes) => {
    expect(load(changes)).toBe("FORMAT");
  });
});

describe("openPinnedRoot", () => {
  test("takes the pinned root and keeps the bytes it received", () => {
    const bytes = signDocument(honest, [first, third]);
    const root = openPinnedRoot(bytes, payloadDigest(bytes));

    expect(root).toEqual({ document: honest, sha256: payloadDigest(bytes), bytes });
  });

  test("refuses a root that is not the pinned one", () => {
    const bytes = signDocument(honest, rootKeys);

    expect(refusal(() => openPinnedRoot(bytes, Sha256.parse("0".repeat(64))))).toBe("DIGEST");
  });

  test("refuses the pinned root below its own threshold", () => {
    const bytes = signDocument(honest, [second]);

    expect(refusal(() => openPinnedRoot(bytes, payloadDigest(bytes)))).toBe("SIGNATURE");
  });

  test("refuses a pinned root under another payload type", () => {
    const bytes = signDocument({ ...honest, type: "desired" }, rootKeys);

    expect(refusal(() => openPinnedRoot(bytes, payloadDigest(bytes)))).not.toBe("accepted");
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
  const next = (changes: object, signers = rootKeys) =>
    refusal(() => acceptNextRoot(current, signDocument(rootDocument(changes), signers)));

  test("takes N + 1, and the step after it", () => {
    const two = acceptNextRoot(current, signDocument(rootDocument({ version: 2 }), rootKeys));
    const three = acceptNextRoot(two, signDocument(rootDocument({ version: 3 }), rootKeys));

    expect(three.document.version).toBe(3);
  });

  test.each([1, 3, 4])("F9: refuses version %i after version 1", (version) => {
    expect(next({ version })).toBe("ROOT_CHAIN");
  });

  test("F9: refuses the same version with other contents", () => {
    expect(next({ version: 1, revokedReleases: [sha256(Buffer.from("x"))] })).toBe("ROOT_CHAIN");
  });

  test("F10: refuses a root of another fleet, and one of 10 MB", () => {
    const fleet = "0b8f2a52-1f43-4cf1-8a3d-0d7d1c8f7a10";

    expect(next({ version: 2, fleet })).toBe("FLEET");
    expect(refusal(() => acceptNextRoot(current, Buffer.alloc(10_000_000, " ")))).toBe("SIZE");
  });

  test("takes new keys only with the thresholds of the old and of the new root", () => {
    const accept = (signers: typeof rootKeys | typeof others) =>
      refusal(() => acceptNextRoot(current, signDocument(rotated, signers)));

    expect(accept([...rootKeys.slice(0, 2), ...others.slice(0, 2)])).toBe("accepted");
    expect(accept(rootKeys)).toBe("SIGNATURE");
    expect(accept(others)).toBe("SIGNATURE");
    expect(accept([...rootKeys.slice(0, 2), ...others.slice(0, 1)])).toBe("SIGNATURE");
    expect(accept([...rootKeys.slice(0, 1), ...others.slice(0, 2)])).toBe("SIGNATURE");
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

describe("roles", () => {
  const vision = seedSigner("vision");
  const root = fleetRoot({
    keys: keyTable([...rootKeys, release, online, vision]),
    roles: {
      ...honest.roles,
      release: [
        { name: "vision", models: ["vision.*"], ...roleRule([vision], 1) },
        { name: "rest", models: ["audio", "vision.defects"], ...roleRule([release], 1) },
      ],
    },
  });
  const signerOf = (model: string) => [...releaseRoleOf(root, ModelName.parse(model)).keys.keys()];

  test("the first release rule that matches ends the search", () => {
    expect(signerOf("vision.defects")).toEqual([keyIdOf(vision.publicKey)]);
    expect(signerOf("audio")).toEqual([keyIdOf(release.publicKey)]);
  });

  test.each(["vision", "visionary", "audio.voice", "text"])("no rule covers %s", (model) => {
    expect(refusal(() => signerOf(model))).toBe("SIGNATURE");
  });

  test("root and online have their own keys and thresholds", () => {
    expect(roleOf(root, "root").threshold).toBe(2);
    expect([...roleOf(root, "online").keys.values()]).toEqual([online.publicKey]);
  });
});

function ruled(models: string[]): object {
  return {
    roles: { ...honest.roles, release: [{ name: "x", models, ...roleRule([release], 1) }] },
  };
}
