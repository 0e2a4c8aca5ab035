import { checkDesired, checkRelease, ModelName, type Signer } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  desiredDocument,
  fixtureTimes,
  fleetKeys,
  fleetRoot,
  fleetState,
  keyTable,
  payloadDigest,
  refusal,
  releaseDocument,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../../support/trust-fixtures.ts";

/** `non_root_rotation_cases` of theupdateframework/tuf-conformance; a digit is a key. */
const rotations: readonly {
  story: string;
  keys: string;
  threshold: number;
  signers: string;
  verdict: "accepted" | "SIGNATURE";
}[] = [
  { story: "one key follows another", keys: "2", threshold: 1, signers: "2", verdict: "accepted" },
  {
    story: "signatures nobody needs",
    keys: "1",
    threshold: 1,
    signers: "314",
    verdict: "accepted",
  },
  {
    story: "the new key did not sign",
    keys: "2",
    threshold: 1,
    signers: "134",
    verdict: "SIGNATURE",
  },
  {
    story: "one of three is not of the role",
    keys: "01345",
    threshold: 3,
    signers: "024",
    verdict: "SIGNATURE",
  },
  {
    story: "one of three is missing",
    keys: "01345",
    threshold: 3,
    signers: "04",
    verdict: "SIGNATURE",
  },
  {
    story: "three of five, 0 2 4",
    keys: "01234",
    threshold: 3,
    signers: "024",
    verdict: "accepted",
  },
  {
    story: "three of five, 0 4 1",
    keys: "01234",
    threshold: 3,
    signers: "041",
    verdict: "accepted",
  },
  {
    story: "three of five, 0 1 3",
    keys: "01234",
    threshold: 3,
    signers: "013",
    verdict: "accepted",
  },
  {
    story: "three of five, 1 2 3",
    keys: "01234",
    threshold: 3,
    signers: "123",
    verdict: "accepted",
  },
  {
    story: "three of five, 2 3 4",
    keys: "01234",
    threshold: 3,
    signers: "234",
    verdict: "accepted",
  },
];

test.each(rotations)("a desired document under new online keys: $story", (rotation) => {
  const { keys, threshold, signers, verdict } = rotation;
  const root = rootWith("online", signersOf(keys), threshold);
  const bytes = signDocument(desiredDocument(), signersOf(signers));
  const context = { nowMs: fixtureTimes.nowMs, expectedNonce: null, requireNonce: false };

  const got = refusal(() => checkDesired(fleetState({ root }), bytes, context));

  expect(got).toBe(verdict);
});

test.each(rotations)("a release under new release keys: $story", (rotation) => {
  const { keys, threshold, signers, verdict } = rotation;
  const root = rootWith("release", signersOf(keys), threshold);
  const bytes = signDocument(releaseDocument(), signersOf(signers));
  const model = ModelName.parse("vision.defects");
  const expected = { release: payloadDigest(bytes), model, deviceClass: "cam-v2", floor: 0 };

  expect(refusal(() => checkRelease(root, bytes, expected))).toBe(verdict);
});

function rootWith(role: "online" | "release", members: readonly Signer[], threshold: number) {
  const { root, release, online } = fleetKeys;
  const rule = roleRule(members, threshold);
  const changed = { online: rule, release: [{ name: "all", models: ["*"], ...rule }] };
  return fleetRoot({
    keys: keyTable([...root, release, online, ...members]),
    roles: { ...rootDocument().roles, [role]: changed[role] },
  });
}

function signersOf(digits: string): Signer[] {
  return Array.from(digits, (digit) => seedSigner(`role key ${digit}`));
}
