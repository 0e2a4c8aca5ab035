import {
  acceptNextRoot,
  isCodedError,
  openPinnedRoot,
  type Signer,
  type VerifiedRoot,
  verifySignatureNative as verify,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  fleetKeys,
  keyTable,
  payloadDigest,
  roleRule,
  rootDocument,
  seedSigner,
  signDocument,
} from "../../../support/trust-fixtures.ts";

/** Keys of the root role, threshold, signers of this version; a digit is a key. */
type Version = readonly [keys: string, threshold: number, signers: string];

/** The chains of theupdateframework/tuf-conformance, `test_updater_key_rotations.py`; `reached` is the last good version. */
const chains: readonly { story: string; reached: number; versions: readonly Version[] }[] = [
  {
    story: "one key follows another",
    reached: 3,
    versions: [
      ["1", 1, "1"],
      ["2", 1, "21"],
      ["2", 1, "2"],
    ],
  },
  {
    story: "signatures nobody needs do no harm",
    reached: 3,
    versions: [
      ["1", 1, "314"],
      ["2", 1, "3214"],
      ["2", 1, "324"],
    ],
  },
  {
    story: "any three of five sign",
    reached: 4,
    versions: [
      ["01234", 3, "024"],
      ["01234", 3, "041"],
      ["01234", 3, "013"],
      ["01234", 3, "013"],
    ],
  },
  {
    story: "one of five is replaced",
    reached: 2,
    versions: [
      ["01234", 3, "024"],
      ["01345", 3, "041"],
    ],
  },
  {
    story: "one of five is replaced, the new one signing at once",
    reached: 3,
    versions: [
      ["01234", 3, "024"],
      ["01345", 3, "0245"],
      ["01345", 3, "045"],
    ],
  },
  {
    story: "all five are replaced",
    reached: 3,
    versions: [
      ["01234", 3, "024"],
      ["56789", 3, "024567"],
      ["56789", 3, "567"],
    ],
  },
  {
    story: "the threshold rises from 1 to 2 of 3",
    reached: 2,
    versions: [
      ["123", 1, "1"],
      ["123", 2, "12"],
    ],
  },
  {
    story: "the threshold falls from 2 to 1 of 3",
    reached: 3,
    versions: [
      ["123", 2, "12"],
      ["123", 1, "12"],
      ["123", 1, "1"],
    ],
  },
  {
    story: "a second key comes with a threshold of 2",
    reached: 2,
    versions: [
      ["1", 1, "1"],
      ["12", 2, "12"],
    ],
  },
  {
    story: "the old key did not sign",
    reached: 1,
    versions: [
      ["1", 1, "1"],
      ["2", 1, "234"],
    ],
  },
  {
    story: "the new key did not sign",
    reached: 1,
    versions: [
      ["1", 1, "1"],
      ["2", 1, "134"],
    ],
  },
  {
    story: "only two new keys signed",
    reached: 1,
    versions: [
      ["01234", 3, "024"],
      ["01345", 3, "024"],
    ],
  },
  {
    story: "only two old keys signed",
    reached: 1,
    versions: [
      ["01234", 3, "024"],
      ["01345", 3, "045"],
    ],
  },
  {
    story: "the risen threshold is not met",
    reached: 1,
    versions: [
      ["123", 1, "1"],
      ["123", 2, "2"],
    ],
  },
  {
    story: "the threshold that was is not met",
    reached: 1,
    versions: [
      ["123", 2, "12"],
      ["123", 1, "1"],
    ],
  },
];

describe("a walk along roots", () => {
  test.each(chains)("F8: when $story reaches version $reached of $versions.length", (chain) => {
    const envelopes = chain.versions.map((version, index) => envelope(version, index + 1));

    const reached = walk(envelopes);

    expect(reached.document.version).toBe(chain.reached);
    expect(reached.bytes).toBe(envelopes[chain.reached - 1]);
  });

  test("goes on with the good root after a bad one of the same version was refused", () => {
    const first = envelope(["1", 1, "1"], 1);
    const bad = envelope(["2", 1, "2"], 2);
    const good = envelope(["2", 1, "12"], 2);

    expect(walk([first, bad, good]).bytes).toBe(good);
  });
});

function envelope([keys, threshold, signers]: Version, version: number): Uint8Array {
  const { release, online } = fleetKeys;
  const [owners, signing] = [signersOf(keys), signersOf(signers)];
  const document = rootDocument({
    version,
    keys: keyTable([...owners, release, online]),
    roles: { ...rootDocument().roles, root: roleRule(owners, threshold) },
  });
  return signDocument(document, signing);
}

function signersOf(digits: string): Signer[] {
  return Array.from(digits, (digit) => seedSigner(`root key ${digit}`));
}

function walk([first, ...rest]: readonly Uint8Array[]): VerifiedRoot {
  if (first === undefined) throw new Error("expected a first root");
  return rest.reduce(step, openPinnedRoot(first, payloadDigest(first), verify));
}

function step(current: VerifiedRoot, bytes: Uint8Array): VerifiedRoot {
  try {
    return acceptNextRoot(current, bytes, verify);
  } catch (error) {
    if (isCodedError(error)) return current;
    throw error;
  }
}
