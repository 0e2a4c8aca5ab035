import { createPublicKey, generateKeyPairSync } from "node:crypto";
import {
  createHpkeSealer,
  openHpke,
  rawX25519PublicKey,
  x25519PrivateKey,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));
const hex = (of: Uint8Array) => Buffer.from(of).toString("hex");

/** RFC 9180, appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode, sequence number 0. */
const vector = {
  skEm: bytes("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600"),
  skRm: bytes("8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"),
  pkRm: bytes("4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a"),
  enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
  context: {
    info: bytes("4f6465206f6e2061204772656369616e2055726e"),
    aad: bytes("436f756e742d30"),
  },
  pt: bytes("4265617574792069732074727574682c20747275746820626561757479"),
  ct: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
};

test("the vector of RFC 9180 A.2.1 is sealed to its very bytes, in one piece or byte by byte", () => {
  for (const step of [1, 7, vector.pt.length]) {
    const keys = { recipient: vector.pkRm, ephemeralSecret: vector.skEm };
    const sealer = createHpkeSealer(keys, vector.context);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < vector.pt.length; at += step) {
      pieces.push(sealer.update(vector.pt.subarray(at, at + step)));
    }
    pieces.push(sealer.end());

    expect(hex(sealer.enc)).toBe(vector.enc);
    expect(hex(Buffer.concat(pieces))).toBe(vector.ct);
  }
});

test("the vector of RFC 9180 A.2.1 is opened, and its key has the public half it says", () => {
  const key = x25519PrivateKey(vector.skRm);
  const message = { enc: bytes(vector.enc), ciphertext: bytes(vector.ct) };

  expect(hex(rawX25519PublicKey(createPublicKey(key)))).toBe(hex(vector.pkRm));
  expect(openHpke(key, message, vector.context)).toEqual(Buffer.from(vector.pt));
});

const flipped = (text: string, at: number) => {
  const changed = bytes(text);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

test.each([
  ["a flipped bit of the ciphertext", { ciphertext: flipped(vector.ct, 3) }],
  ["a flipped bit of the tag", { ciphertext: flipped(vector.ct, vector.ct.length / 2 - 1) }],
  ["one byte less", { ciphertext: bytes(vector.ct.slice(0, -2)) }],
  ["less than a tag", { ciphertext: bytes(vector.ct.slice(0, 30)) }],
  ["another encapsulated key", { enc: flipped(vector.enc, 0) }],
  ["an encapsulated key of small order", { enc: new Uint8Array(32) }],
  ["another purpose", { info: bytes("00") }],
  ["another clear part", { aad: bytes("00") }],
  ["another recipient", { key: x25519PrivateKey(new Uint8Array(32).fill(7)) }],
])("with %s nothing is opened", (_, change: Partial<Record<string, Uint8Array>> | object) => {
  const whole = {
    ...{ key: x25519PrivateKey(vector.skRm), enc: bytes(vector.enc), ciphertext: bytes(vector.ct) },
    ...vector.context,
    ...change,
  };

  expect(() => openHpke(whole.key, whole, whole)).toThrow(
    expect.objectContaining({ code: "FORMAT" }),
  );
});

test("a recipient that gives no secret is refused, and one that is no key is a mistake of the caller", () => {
  const ephemeralSecret = new Uint8Array(32).fill(1);
  const seal = (recipient: Uint8Array) =>
    createHpkeSealer({ recipient, ephemeralSecret }, vector.context);
  const one = new Uint8Array(32);
  one[0] = 1;

  expect(() => seal(new Uint8Array(32))).toThrow(expect.objectContaining({ code: "FORMAT" }));
  expect(() => seal(one)).toThrow(expect.objectContaining({ code: "FORMAT" }));
  expect(() => seal(new Uint8Array(31))).toThrow(RangeError);
  expect(() => rawX25519PublicKey(generateKeyPairSync("ed25519").publicKey)).toThrow(
    "expected an X25519 key",
  );
});
