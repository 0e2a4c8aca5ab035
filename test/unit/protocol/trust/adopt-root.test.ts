import {
  acceptNextRoot,
  adoptRoot,
  type Signer,
  type VerifiedRoot,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fixtureTimes,
  fleetKeys,
  fleetState,
  keyTable,
  payloadDigest,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
  signedDesired,
} from "../../../support/trust-fixtures.ts";

const { root: rootKeys, release, online } = fleetKeys;
const [newOnline, newRelease] = [seedSigner("online 2"), seedSigner("release 2")];
const state = fleetState({
  seq: Number.MAX_SAFE_INTEGER,
  desiredSha256: payloadDigest(signedDesired().bytes),
  timeFloorMs: Date.parse("9999-12-31T00:00:00Z"),
  floors: { "vision.defects": 9, constructor: 3 },
});

describe("adoptRoot", () => {
  test("keeps every counter when the keys stay", () => {
    const next = nextRoot({ online: [online], release: [release] });

    expect(adoptRoot(state, next)).toEqual({ ...state, root: next });
  });

  test("keeps every counter when a key is only added: a reset would open replay", () => {
    const next = nextRoot({ online: [online, newOnline], release: [release, newRelease] });

    expect(adoptRoot(state, next)).toEqual({ ...state, root: next });
  });

  test("keeps every counter while one of several keys stays", () => {
    const [two, other] = [seedSigner("online 3"), seedSigner("release 3")];
    const many = { online: [online, newOnline], release: [release, newRelease] };
    const before = { ...state, root: nextRoot(many) };
    const fewer = { online: [two, newOnline], release: [other, newRelease] };
    const next = nextRoot({ ...fewer, from: before.root });

    expect(adoptRoot(before, next)).toEqual({ ...before, root: next });
  });

  test("takes the time of a later root, so that a wrong clock cannot go back behind it", () => {
    const earlier = { ...state, timeFloorMs: fixtureTimes.issuedAtMs - 1 };
    const next = nextRoot({ online: [online], release: [release] });

    expect(adoptRoot(earlier, next).timeFloorMs).toBe(fixtureTimes.issuedAtMs);
  });

  test("starts counting again when every online key is replaced", () => {
    const next = nextRoot({ online: [newOnline], release: [release] });

    expect(adoptRoot(state, next)).toEqual({
      ...state,
      root: next,
      seq: 0,
      desiredSha256: null,
      timeFloorMs: fixtureTimes.issuedAtMs,
    });
  });

  test("sets a model's floor back when every key of its release rule is replaced", () => {
    const next = nextRoot({ online: [online], release: [newRelease] });

    expect(adoptRoot(state, next)).toEqual({ ...state, root: next, floors: {} });
  });

  test("keeps the floor of a model that no rule covers any more", () => {
    const next = nextRoot({ online: [online], release: [newRelease], models: ["constructor"] });

    expect(adoptRoot(state, next).floors).toEqual({ "vision.defects": 9 });
  });

  test("keeps the floor of a model that no rule covered before", () => {
    const narrow = { online: [online], release: [release], models: ["constructor"] };
    const before = { ...state, root: nextRoot(narrow) };
    const next = nextRoot({ online: [online], release: [release], from: before.root });

    expect(adoptRoot(before, next).floors).toEqual(state.floors);
  });
});

interface Keys {
  readonly online: readonly Signer[];
  readonly release: readonly Signer[];
  readonly models?: readonly string[];
  readonly from?: VerifiedRoot;
}

function nextRoot({
  online: onlineKeys,
  release: releaseKeys,
  models = ["*"],
  from = state.root,
}: Keys): VerifiedRoot {
  const document = rootDocument({
    version: from.document.version + 1,
    keys: keyTable([...rootKeys, ...onlineKeys, ...releaseKeys]),
    roles: {
      root: roleRule(rootKeys, 2),
      release: [{ name: "default", models, ...roleRule(releaseKeys, 1) }],
      online: roleRule(onlineKeys, 1),
    },
  });
  return acceptNextRoot(from, signDocument(document, rootKeys), verify);
}
