import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { ed25519Signer, verifySignature, verifySignatureNative } from "@modelfleet/protocol";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type Random, seededRandom } from "../../../support/random.ts";
import { seedSigner } from "../../../support/trust-fixtures.ts";

const { CI, TEST_SEED } = process.env;
const repository = new URL("../../../../", import.meta.url);
const backends = { tweetnacl: verifySignature, native: verifySignatureNative };
/** What fits in some 5 s, since tweetnacl takes its time; `npm run fuzz:trust` goes further. */
const MUTATIONS = 300;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const RfcVectors = z.object({
  vectors: z.array(
    z.object({
      name: z.string(),
      seed: z.string(),
      publicKey: z.string(),
      message: z.string(),
      signature: z.string(),
    }),
  ),
});
const rfc = RfcVectors.parse(
  JSON.parse(readFileSync(new URL("test/vectors/ed25519-rfc8032.json", repository), "utf8")),
);

describe.each(Object.entries(backends))("%s", (_, verifyWith) => {
  test.each(rfc.vectors)("F1: accepts RFC 8032 $name and refuses its neighbours", (vector) => {
    const [key, message] = [hex(vector.publicKey), hex(vector.message)];
    const signature = hex(vector.signature);

    expect(verifyWith(key, message, signature)).toBe(true);
    expect(verifyWith(key, bytes(message, [0]), signature)).toBe(false);
    expect(verifyWith(key, message, flipped(signature, 9))).toBe(false);
    expect(verifyWith(flipped(key, 9), message, signature)).toBe(false);
  });

  test("F1: refuses a signature whose S is raised by the group order", () => {
    const { key, message, signature } = signed("malleable");
    const raised = bytes(signature.slice(0, 32), scalarBytes(scalar(signature.slice(32)) + ORDER));

    expect(nacl.sign.detached.verify(message, raised, key)).toBe(true);
    expect(verifyWith(key, message, raised)).toBe(false);
  });

  test("F1: refuses every key and every R of small order, however written", () => {
    const messages = Array.from({ length: 8 }, (_unused, index) => Uint8Array.of(index));
    const forged = smallOrderPoints().flatMap((key) =>
      smallOrderPoints().flatMap((r) =>
        messages.map((message) => ({ key, message, signature: bytes(r, new Uint8Array(32)) })),
      ),
    );

    expect(forged.some((one) => verifyWith(one.key, one.message, one.signature))).toBe(false);
  });

  test("F1: refuses an R of small order made by the key's own holder", () => {
    const { key, message, signature } = signedWithIdentityAsR("holder");

    expect(nacl.sign.detached.verify(message, signature, key)).toBe(true);
    expect(verifyWith(key, message, signature)).toBe(false);
  });

  test.each([31, 33, 0])("refuses a key of %i bytes", (length) => {
    const { key, message, signature } = signed("length");

    expect(verifyWith(resized(key, length), message, signature)).toBe(false);
  });

  test.each([63, 65, 0])("refuses a signature of %i bytes", (length) => {
    const { key, message, signature } = signed("length");

    expect(verifyWith(key, message, resized(signature, length))).toBe(false);
  });

  test.each([undefined, null, "text", 7, [], {}])("F1: never throws, given %s", (odd) => {
    const { key, message, signature } = signed("odd");
    const verifyAnything = verifyWith as (...values: unknown[]) => boolean;

    expect(verifyAnything(odd, message, signature)).toBe(false);
    expect(verifyAnything(key, odd, signature)).toBe(false);
    expect(verifyAnything(key, message, odd)).toBe(false);
  });

  test("never throws, given what only poses as bytes", () => {
    const { key, message, signature } = signed("posing");
    const revoked = Proxy.revocable(new Uint8Array(32), {});
    revoked.revoke();

    for (const posing of [Object.create(Uint8Array.prototype) as Uint8Array, revoked.proxy]) {
      expect(verifyWith(posing, message, signature)).toBe(false);
      expect(verifyWith(key, posing, signature)).toBe(false);
      expect(verifyWith(key, message, posing)).toBe(false);
    }
  });

  test("takes views into larger buffers", () => {
    const { key, message, signature } = signed("view");
    const larger = Buffer.concat([Buffer.from("xx"), key, message, signature]);
    const end = 34 + message.length;

    expect(verifyWith(larger.subarray(2, 34), larger.subarray(34, end), larger.subarray(end))).toBe(
      true,
    );
  });
});

test("without the strict checks, a small-order key would accept a forged signature", () => {
  const identity = resized(Uint8Array.of(1), 32);
  const forged = bytes(identity, new Uint8Array(32));

  expect(nacl.sign.detached.verify(Buffer.from("anything"), forged, identity)).toBe(true);
});

test("F1: tweetnacl and node:crypto agree on random mutations", { timeout: 60_000 }, () => {
  const seed = Number(TEST_SEED ?? 20_261_121);
  console.info(`differential Ed25519 run of ${MUTATIONS}: TEST_SEED=${seed}`);
  const random = seededRandom(seed);

  const disagreements = Array.from({ length: MUTATIONS }, () => mutated(random)).filter((one) => {
    const strict = verifySignature(one.key, one.message, one.signature);
    const native = verifySignatureNative(one.key, one.message, one.signature);
    return strict !== native || strict !== nodeVerify(one);
  });

  expect(disagreements).toEqual([]);
});

const Wycheproof = z.object({
  numberOfTests: z.number(),
  testGroups: z.array(
    z.object({
      publicKey: z.object({ pk: z.string() }),
      tests: z.array(
        z.object({
          tcId: z.number(),
          comment: z.string(),
          msg: z.string(),
          sig: z.string(),
          result: z.enum(["valid", "invalid"]),
        }),
      ),
    }),
  ),
});
const wycheproofFile = new URL("../shared/vectors/wycheproof-ed25519.json", repository);
const isAbsent = !existsSync(wycheproofFile) && CI === undefined;
if (isAbsent) console.warn("skipped: ../shared/vectors/wycheproof-ed25519.json is not there");

test.skipIf(isAbsent)("F1: all 151 Wycheproof vectors have the published verdict", () => {
  const file = Wycheproof.parse(JSON.parse(readFileSync(wycheproofFile, "utf8")));
  const cases = file.testGroups.flatMap(({ publicKey, tests }) =>
    tests.map((one) => ({ ...one, key: hex(publicKey.pk) })),
  );

  const wrong = cases.flatMap((one) =>
    Object.entries(backends)
      .filter(([, run]) => run(one.key, hex(one.msg), hex(one.sig)) !== (one.result === "valid"))
      .map(([backend]) => `${backend} ${one.tcId} ${one.comment}`),
  );

  expect(cases).toHaveLength(151);
  expect(file.numberOfTests).toBe(151);
  expect(wrong).toEqual([]);
});

interface Signed {
  readonly key: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

function signed(text: string): Signed {
  const signer = seedSigner("signature tests");
  const message = new Uint8Array(Buffer.from(text));
  return { key: signer.publicKey, message, signature: signer.sign(message) };
}

/** R is the identity and S = k·a, which only the holder of the secret scalar a can compute. */
function signedWithIdentityAsR(text: string): Signed {
  const seed = createHash("sha256").update(text).digest();
  const { publicKey } = ed25519Signer(seed);
  const message = new Uint8Array(Buffer.from(text));
  const secret = createHash("sha512").update(seed).digest().subarray(0, 32);
  secret[0] = (secret[0] ?? 0) & 248;
  secret[31] = ((secret[31] ?? 0) & 63) | 64;
  const r = resized(Uint8Array.of(1), 32);
  const k = scalar(createHash("sha512").update(r).update(publicKey).update(message).digest());
  const s = (k * scalar(secret)) % ORDER;
  return { key: publicKey, message, signature: bytes(r, scalarBytes(s)) };
}

function mutated(random: Random): Signed {
  const original = signed(`message ${random.below(8)}`);
  const { key, message, signature } = original;
  switch (random.below(8)) {
    case 0:
      return original;
    case 1:
      return { ...original, key: flipped(key, random.below(256)) };
    case 2:
      return { ...original, message: flipped(message, random.below(message.length * 8)) };
    case 3:
      return { ...original, signature: flipped(signature, random.below(256)) };
    case 4:
      return { ...original, signature: flipped(signature, 256 + random.below(256)) };
    case 5:
      return { ...original, signature: resized(signature, random.below(130)) };
    case 6:
      return { ...original, key: Uint8Array.from(key, () => random.below(256)) };
    default: {
      const s = scalar(signature.slice(32)) + ORDER * BigInt(random.below(14));
      return { ...original, signature: bytes(signature.slice(0, 32), scalarBytes(s)) };
    }
  }
}

function nodeVerify({ key, message, signature }: Signed): boolean {
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key]);
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" });
  return verify(null, message, publicKey, signature);
}

/** The 8 points of small order and the encodings of them that are not canonical. */
function smallOrderPoints(): Uint8Array[] {
  const p = 2n ** 255n - 19n;
  const order8 = scalar(hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"));
  const ys = [0n, 1n, p - 1n, p, p + 1n, order8, p - order8];
  return ys.flatMap((y) => [scalarBytes(y), flipped(scalarBytes(y), 255)]);
}

function scalar(littleEndian: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(littleEndian).reverse().toString("hex")}`);
}

function scalarBytes(value: bigint): Uint8Array {
  return hex(value.toString(16).padStart(64, "0")).reverse();
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}

function bytes(...parts: readonly (Uint8Array | number[])[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function flipped(original: Uint8Array, bit: number): Uint8Array {
  return original.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

function resized(original: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(original.subarray(0, length));
  return copy;
}
