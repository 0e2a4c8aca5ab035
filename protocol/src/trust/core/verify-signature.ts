import { createPublicKey, type KeyObject, verify } from "node:crypto";
import nacl from "tweetnacl";
import { isStrictPublicKey, isStrictSignature } from "./strict-ed25519.ts";

/** DER header of a SubjectPublicKeyInfo with a raw Ed25519 key (RFC 8410 section 4). */
const SPKI_HEADER = Buffer.from("302a300506032b6570032100", "hex");

/** Whether a signature holds: `verifySignature`, or `verifySignatureNative` where there is much to verify. */
export type Verifier = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => boolean;

/**
 * Ed25519 with the strictness of libsodium, over tweetnacl: no native code, the same on every device.
 *
 * @returns false for everything that is not a valid signature, also for arguments of a wrong kind; never throws
 * @see RFC 8032 section 5.1.7; Chalkias et al. 2020, "Taming the many EdDSAs"
 */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    // Inside, since an object that only poses as bytes throws as soon as it is looked at.
    if (!isStrictInput(publicKey, message, signature)) return false;
    return nacl.sign.detached.verify(plain(message), plain(signature), plain(publicKey));
  } catch {
    return false; // A backend that gives up has not verified.
  }
}

/**
 * The same verdict by node:crypto, some 50 times faster: for whoever verifies in bulk.
 * A differential test holds the two together.
 */
export function verifySignatureNative(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    if (!isStrictInput(publicKey, message, signature)) return false;
    return verify(null, message, nativeKey(publicKey), signature);
  } catch {
    return false; // A backend that gives up has not verified.
  }
}

/** The key as node:crypto takes it. */
export function nativeKey(publicKey: Uint8Array): KeyObject {
  const der = Buffer.concat([SPKI_HEADER, publicKey]);
  return createPublicKey({ key: der, format: "der", type: "spki" });
}

/** Nothing that fails here is ever verified, by whichever backend. */
export function isStrictInput(publicKey: unknown, message: unknown, signature: unknown): boolean {
  return (
    isStrictPublicKey(publicKey) && message instanceof Uint8Array && isStrictSignature(signature)
  );
}

/** tweetnacl wants Uint8Array itself, and copies what it needs. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
