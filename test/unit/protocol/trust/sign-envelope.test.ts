import { readFileSync } from "node:fs";
import { ed25519Signer } from "@modelfleet/protocol";
import nacl from "tweetnacl";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { seededRandom } from "../../../support/random.ts";

const Vectors = z.object({
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
const file = new URL("../../../vectors/ed25519-rfc8032.json", import.meta.url);
const { vectors } = Vectors.parse(JSON.parse(readFileSync(file, "utf8")));

describe("ed25519Signer", () => {
  test.each(vectors)("makes the key and the signature of RFC 8032 $name", (vector) => {
    const signer = ed25519Signer(Buffer.from(vector.seed, "hex"));
    const signature = signer.sign(Buffer.from(vector.message, "hex"));

    expect(Buffer.from(signer.publicKey).toString("hex")).toBe(vector.publicKey);
    expect(Buffer.from(signature).toString("hex")).toBe(vector.signature);
  });

  test("signs as tweetnacl does, for 50 random seeds and messages", () => {
    const random = seededRandom(20_261_121);
    for (let round = 0; round < 50; round += 1) {
      const seed = Uint8Array.from({ length: 32 }, () => random.below(256));
      const message = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
      const reference = nacl.sign.keyPair.fromSeed(seed);

      const signer = ed25519Signer(seed);

      expect(signer.publicKey).toEqual(reference.publicKey);
      expect(signer.sign(message)).toEqual(nacl.sign.detached(message, reference.secretKey));
    }
  });

  test.each([0, 31, 33, 64])("refuses a seed of %i bytes as a caller's mistake", (length) => {
    expect(() => ed25519Signer(new Uint8Array(length))).toThrow(RangeError);
  });
});
