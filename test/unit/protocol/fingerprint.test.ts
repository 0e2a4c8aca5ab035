import { Fingerprint, fingerprintOf, keyIdOf, readFingerprint, Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { seedSigner } from "../../support/trust-fixtures.ts";

const keyId = Sha256.parse("0123456789abcdef0123456789abcdef".padEnd(64, "f"));
const fingerprint = "0123-4567-89ab-cdef-0123-4567-89ab-cdef";

test("is the first half of a key's id in eight groups", () => {
  expect(fingerprintOf(keyId)).toBe(fingerprint);
});

test("differs between two keys", () => {
  const [one, two] = ["one", "two"].map((name) =>
    fingerprintOf(keyIdOf(seedSigner(name).publicKey)),
  );

  expect(one).not.toBe(two);
});

test.each([
  ["as it is printed", fingerprint],
  ["in capitals", fingerprint.toUpperCase()],
  ["with spaces", fingerprint.replaceAll("-", " ")],
  ["with colons", fingerprint.replaceAll("-", ":")],
  ["in one word, with a space around it", ` ${fingerprint.replaceAll("-", "")} `],
])("is read %s", (_how, text) => {
  expect(readFingerprint(text)).toBe(fingerprint);
});

test.each([
  ["a group short", fingerprint.slice(0, -5)],
  ["a digit short", fingerprint.slice(0, -1)],
  ["a digit long", `${fingerprint}0`],
  ["the whole key id", keyId],
  ["another letter", fingerprint.replace("0", "g")],
  ["nothing", ""],
])("is not read from %s", (_what, text) => {
  expect(readFingerprint(text)).toBeUndefined();
  expect(Fingerprint.safeParse(text).success).toBe(false);
});
