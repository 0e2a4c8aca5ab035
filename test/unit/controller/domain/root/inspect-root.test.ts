import { keyIdOf, type Signer } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { inspectRoot } from "../../../../../controller/src/domain/root/inspect-root.ts";
import {
  fleetKeys,
  fleetRoot,
  refusal,
  rootDocument,
  seedSigner,
  signDocument,
  signedRelease,
} from "../../../../support/trust-fixtures.ts";

const [first, second, third] = fleetKeys.root;
const ids = (...signers: readonly Signer[]) => signers.map(({ publicKey }) => keyIdOf(publicKey));
const signed = (...signers: readonly Signer[]) =>
  signDocument(rootDocument({ version: 2 }), signers);

describe("a root that is looked at", () => {
  test("says who has signed and who has not", () => {
    const { own, refusal: why } = inspectRoot(signed(second));

    expect(own).toEqual({ signed: ids(second), missing: ids(first, third), threshold: 2 });
    expect(why).toContain("2 of 3");
  });

  test("is complete when enough have, by the root before it too", () => {
    const { refusal: why, previous } = inspectRoot(signed(first, third), fleetRoot());

    expect(why).toBeNull();
    expect(previous?.signed).toEqual(ids(first, third));
  });

  test("counts nothing of strangers, and says that they are there", () => {
    const { own, foreign } = inspectRoot(signed(first, seedSigner("stranger")));

    expect([own.signed.length, foreign]).toEqual([1, 1]);
  });

  test("counts no signature that is over other bytes", () => {
    const good = signed(first, second);
    const text = new TextDecoder().decode(good);
    const otherSig = /"sig":"([^"]+)"/.exec(new TextDecoder().decode(signed(first)))?.[1] ?? "";
    const swapped = text.replaceAll(/"sig":"[^"]+"/g, `"sig":"${otherSig}"`);

    expect(inspectRoot(new TextEncoder().encode(swapped)).own.signed).toEqual(ids(first));
  });

  test("that skips a version is not complete against the one before", () => {
    const skipping = signDocument(rootDocument({ version: 3 }), [first, second]);

    expect(inspectRoot(skipping, fleetRoot()).refusal).toContain("expected root 2");
  });
});

test("only a root is looked at as a root", () => {
  expect(refusal(() => inspectRoot(signedRelease().bytes))).toBe("TYPE");
  expect(refusal(() => inspectRoot(new Uint8Array([123])))).toBe("FORMAT");
});
