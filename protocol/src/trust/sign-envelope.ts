import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { pae } from "./core/envelope.ts";
import { keyIdOf } from "./core/key-id.ts";
import type { PayloadType } from "./core/payload-types.ts";
import { encodeEnvelope } from "./encode-envelope.ts";

/** Somebody who signs: a key in a file, in an HSM, on the device. */
export interface Signer {
  /** Raw Ed25519 public key; 32 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns the 64-byte signature */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** A key that may be elsewhere: in an encrypted file, behind a command, in an HSM or a cloud's key service. */
export interface SigningKey {
  /** Raw Ed25519 public key; 32 bytes. */
  readonly publicKey: Uint8Array;
  /** @returns the 64-byte signature */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

const SEED_BYTES = 32;
/** DER header of a PKCS #8 key with a raw Ed25519 seed (RFC 8410 section 7). */
const PKCS8_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** An envelope signed by each signer, in their order. */
export function signEnvelope(
  type: PayloadType,
  payload: Uint8Array,
  signers: readonly Signer[],
): Uint8Array {
  const message = pae(type, payload);
  const signatures = signers.map((signer) => ({
    keyid: keyIdOf(signer.publicKey),
    sig: signer.sign(message),
  }));
  return encodeEnvelope(type, payload, signatures);
}

/** The same with keys that may take their time, one after the other. */
export async function signEnvelopeWith(
  type: PayloadType,
  payload: Uint8Array,
  keys: readonly SigningKey[],
): Promise<Uint8Array> {
  const message = pae(type, payload);
  const signatures = [];
  for (const key of keys) {
    signatures.push({ keyid: keyIdOf(key.publicKey), sig: await key.sign(message) });
  }
  return encodeEnvelope(type, payload, signatures);
}

/** A signer over a 32-byte seed held in memory. @throws RangeError for a seed of another length */
export function ed25519Signer(seed: Uint8Array): Signer {
  if (seed.length !== SEED_BYTES) {
    throw new RangeError(`expected a seed of ${SEED_BYTES} bytes, got ${seed.length}`);
  }
  const der = Buffer.concat([PKCS8_HEADER, seed]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(spki.subarray(-SEED_BYTES)),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}
