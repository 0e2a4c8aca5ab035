import {
  encodeBase64,
  encodePayload,
  formatTimestamp,
  loadRoot,
  type Signer,
  sha256,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fixtureTimes,
  fleetKeys,
  keyTable,
  refusal,
  roleRule,
  rootDocument,
  seedSigner,
} from "../../../support/trust-fixtures.ts";

const { root: rootKeys, release, online } = fleetKeys;
const honest = rootDocument();
const load = (changes: object) => refusal(() => loadRoot(encodePayload({ ...honest, ...changes })));
const withRoles = (roles: object) => load({ roles: { ...honest.roles, ...roles } });
const releaseRule = (signers: readonly Signer[], threshold: unknown) => ({
  release: [{ name: "default", models: ["*"], ...roleRule(signers, 1), threshold }],
});

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
    expect(withRoles(releaseRule(rootKeys, threshold))).toBe("ROOT_INVALID");
  });

  test.each([1, 2, 3])("takes a threshold of %i for three keys", (threshold) => {
    expect(withRoles({ root: roleRule(rootKeys, threshold) })).toBe("accepted");
  });

  test("F7: refuses an online threshold above its keys, and a second release rule's", () => {
    const [first] = releaseRule([release], 1).release;

    expect(withRoles({ online: roleRule([online], 2) })).toBe("ROOT_INVALID");
    expect(withRoles({ release: [first, { ...first, threshold: 2 }] })).toBe("ROOT_INVALID");
  });

  test("F5: refuses one public key under a second id, before any threshold is counted", () => {
    const [key] = Object.values(honest.keys);
    const alias = sha256(Buffer.from("alias"));
    const keys = { ...honest.keys, [alias]: key };
    const both = { keyids: [...roleRule(rootKeys.slice(0, 1), 1).keyids, alias], threshold: 2 };

    expect(load({ keys })).toBe("KEYID");
    expect(load({ keys, roles: { ...honest.roles, root: both } })).toBe("KEYID");
  });

  test.each([
    ["of small order", new Uint8Array(32)],
    ["of small order, negative", new Uint8Array(32).fill(0).with(31, 0x80)],
    ["not canonical", new Uint8Array(32).fill(0xff).with(0, 0xf0)],
  ])("F7: refuses a key %s", (_, publicKey) => {
    const keys = keyTable([{ publicKey, sign: () => publicKey }]);

    expect(load({ keys: { ...honest.keys, ...keys } })).toBe("ROOT_INVALID");
  });

  test("F7: refuses a key whose base64 has spare bits, and one of another length", () => {
    const { publicKey } = seedSigner("spare");
    const [id] = Object.keys(keyTable([{ publicKey, sign: () => publicKey }]));
    const withText = (text: string) =>
      load({ keys: { ...honest.keys, [id ?? ""]: { alg: "ed25519", public: text } } });
    const text = encodeBase64(publicKey);

    expect(withText(text)).toBe("accepted");
    expect(withText(text.replace(/.=$/, (end) => (end === "A=" ? "B=" : "9=")))).not.toBe(
      "accepted",
    );
    expect(withText(encodeBase64(publicKey.subarray(1)))).not.toBe("accepted");
  });

  test("refuses a role that lists a key twice or one it does not have", () => {
    const [id] = honest.roles.root.keyids;

    expect(withRoles({ root: { keyids: [id, id], threshold: 1 } })).toBe("ROOT_INVALID");
    expect(withRoles({ root: roleRule([seedSigner("stranger")], 1) })).toBe("ROOT_INVALID");
    expect(withRoles({ online: roleRule([online, seedSigner("stranger")], 1) })).toBe(
      "ROOT_INVALID",
    );
    expect(withRoles(releaseRule([seedSigner("stranger")], 1))).toBe("ROOT_INVALID");
  });

  test("refuses a key that is both root and online, though not the only one of them", () => {
    expect(withRoles({ online: roleRule(rootKeys.slice(0, 1), 1) })).toBe("ROOT_INVALID");
    expect(withRoles({ online: roleRule([online, ...rootKeys.slice(2)], 1) })).toBe("ROOT_INVALID");
    expect(withRoles({ online: roleRule([online, release], 1) })).toBe("accepted");
  });

  test("refuses a root that expires when it is issued", () => {
    const at = (ms: number) => formatTimestamp(fixtureTimes.issuedAtMs + ms);

    expect(load({ expires: at(1_000) })).toBe("accepted");
    expect(load({ expires: at(0) })).toBe("ROOT_INVALID");
    expect(load({ expires: at(-1_000) })).toBe("ROOT_INVALID");
  });

  test.each([
    ["another spec", { spec: 2 }],
    ["another type", { type: "release" }],
    ["a version of 0", { version: 0 }],
    ["a day that is none", { expires: "2027-02-30T00:00:00Z" }],
    ["a time with milliseconds", { expires: "2027-02-20T00:00:00.000Z" }],
    ["no release rule", { roles: { ...honest.roles, release: [] } }],
    ["a model pattern with a star inside", ruled(["vis*on"])],
    ["a field called threshold that it does not have", { critical: ["threshold"] }],
    ["another algorithm", { keys: { ...honest.keys, ...ofAlgorithm("rsa") } }],
  ])("refuses %s", (_, changes) => {
    expect(load(changes)).toBe("FORMAT");
  });

  test("reads the algorithm that there is", () => {
    expect(load({ keys: { ...honest.keys, ...ofAlgorithm("ed25519") } })).toBe("accepted");
  });
});

function ruled(models: string[]): object {
  return {
    roles: { ...honest.roles, release: [{ name: "x", models, ...roleRule([release], 1) }] },
  };
}

function ofAlgorithm(alg: string): object {
  const entries = Object.entries(keyTable([seedSigner("other algorithm")]));
  return Object.fromEntries(entries.map(([id, key]) => [id, { ...key, alg }]));
}
