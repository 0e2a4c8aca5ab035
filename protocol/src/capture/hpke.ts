import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
} from "node:crypto";
import { FormatError } from "../errors.ts";

/*
 * HPKE (RFC 9180) in base mode, one message a key: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. Whatever
 * speaks that suite opens what is sealed here.
 */

export const x25519KeyBytes = 32;
export const hpkeTagBytes = 16;

/** Seals one message, piece by piece, so that a long one holds nobody up. */
export interface HpkeSealer {
  /** The encapsulated key; whoever opens the message needs it. */
  readonly enc: Uint8Array;
  readonly update: (piece: Uint8Array) => Uint8Array;
  /** The end of the ciphertext. */
  readonly end: () => Uint8Array;
}

export interface HpkeContext {
  /** What the message is for; both sides must say the same. */
  readonly info: Uint8Array;
  /** Bytes that travel in the clear and must be the same. */
  readonly aad: Uint8Array;
}

/**
 * @param recipient raw public key, 32 bytes
 * @param ephemeralSecret 32 random bytes, never used twice
 * @throws FormatError for a public key that gives no secret
 */
export function createHpkeSealer(
  { recipient, ephemeralSecret }: { recipient: Uint8Array; ephemeralSecret: Uint8Array },
  { info, aad }: HpkeContext,
): HpkeSealer {
  const ephemeral = x25519PrivateKey(ephemeralSecret);
  const enc = rawX25519PublicKey(createPublicKey(ephemeral));
  const dh = agree(ephemeral, x25519PublicKey(recipient));
  const { key, nonce } = schedule(sharedSecret(dh, Buffer.concat([enc, recipient])), info);
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: hpkeTagBytes });
  cipher.setAAD(aad, lengthUnread);
  return {
    enc,
    update: (piece) => cipher.update(piece),
    end: () => Buffer.concat([cipher.final(), cipher.getAuthTag()]),
  };
}

export interface HpkeMessage {
  readonly enc: Uint8Array;
  readonly ciphertext: Uint8Array;
}

/** @throws FormatError when it was sealed to another key, for something else, or was changed */
export function openHpke(
  privateKey: KeyObject,
  { enc, ciphertext }: HpkeMessage,
  { info, aad }: HpkeContext,
): Uint8Array {
  if (ciphertext.length < hpkeTagBytes) throw unopened();
  const recipient = rawX25519PublicKey(createPublicKey(privateKey));
  const dh = agree(privateKey, x25519PublicKey(enc));
  const { key, nonce } = schedule(sharedSecret(dh, Buffer.concat([enc, recipient])), info);
  const end = ciphertext.length - hpkeTagBytes;
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce, {
    authTagLength: hpkeTagBytes,
  });
  decipher.setAAD(aad, lengthUnread);
  decipher.setAuthTag(ciphertext.subarray(end));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(0, end)), decipher.final()]);
  } catch (cause) {
    throw unopened(cause);
  }
}

/** @param raw 32 bytes @throws RangeError for another length */
export function x25519PrivateKey(raw: Uint8Array): KeyObject {
  refuseLength(raw);
  return createPrivateKey({
    key: Buffer.concat([PKCS8_HEADER, raw]),
    format: "der",
    type: "pkcs8",
  });
}

/** The 32 bytes of a key's public half. @throws RangeError for a key of another kind */
export function rawX25519PublicKey(key: KeyObject): Uint8Array {
  const kind = key.asymmetricKeyType;
  if (kind !== "x25519") throw new RangeError(`expected an X25519 key, got ${kind ?? "another"}`);
  const der = key.export({ format: "der", type: "spki" });
  return Uint8Array.from(der.subarray(SPKI_HEADER.length));
}

/** The types ask for it, and only CCM reads it. */
const lengthUnread = { plaintextLength: 0 };

/** DER headers of raw X25519 keys (RFC 8410 sections 4 and 7). */
const SPKI_HEADER = Buffer.from("302a300506032b656e032100", "hex");
const PKCS8_HEADER = Buffer.from("302e020100300506032b656e04220420", "hex");

function x25519PublicKey(raw: Uint8Array): KeyObject {
  refuseLength(raw);
  return createPublicKey({ key: Buffer.concat([SPKI_HEADER, raw]), format: "der", type: "spki" });
}

function refuseLength(raw: Uint8Array): void {
  if (raw.length === x25519KeyBytes) return;
  throw new RangeError(`expected a key of ${x25519KeyBytes} bytes, got ${raw.length}`);
}

/** RFC 9180 7.1.4: a point of small order gives zeros, and everybody knows them. */
function agree(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  try {
    const dh = diffieHellman({ privateKey, publicKey });
    if (dh.some((byte) => byte !== 0)) return dh;
  } catch (cause) {
    // OpenSSL refuses such a point itself.
    throw new FormatError("FORMAT", "expected a public key that gives a secret", { cause });
  }
  throw new FormatError("FORMAT", "expected a public key that gives a secret, got zeros");
}

const utf8 = new TextEncoder();
const NOTHING = new Uint8Array();
const VERSION = utf8.encode("HPKE-v1");
/** KEM 0x0020, KDF 0x0001, AEAD 0x0003. */
const KEM_SUITE = Buffer.concat([utf8.encode("KEM"), Uint8Array.of(0, 0x20)]);
const HPKE_SUITE = Buffer.concat([utf8.encode("HPKE"), Uint8Array.of(0, 0x20, 0, 1, 0, 3)]);
const BASE_MODE = Uint8Array.of(0);

/** RFC 9180 4.1, ExtractAndExpand. */
function sharedSecret(dh: Uint8Array, context: Uint8Array): Uint8Array {
  const prk = extract(NOTHING, KEM_SUITE, ["eae_prk", dh]);
  return expand(prk, KEM_SUITE, ["shared_secret", context, 32]);
}

/** RFC 9180 5.1, KeySchedule in base mode: no pre-shared key. */
function schedule(shared: Uint8Array, info: Uint8Array) {
  const context = Buffer.concat([
    BASE_MODE,
    extract(NOTHING, HPKE_SUITE, ["psk_id_hash", NOTHING]),
    extract(NOTHING, HPKE_SUITE, ["info_hash", info]),
  ]);
  const secret = extract(shared, HPKE_SUITE, ["secret", NOTHING]);
  return {
    key: expand(secret, HPKE_SUITE, ["key", context, 32]),
    nonce: expand(secret, HPKE_SUITE, ["base_nonce", context, 12]),
  };
}

/** RFC 9180 4, LabeledExtract. */
function extract(
  salt: Uint8Array,
  suite: Uint8Array,
  [label, material]: readonly [string, Uint8Array],
): Uint8Array {
  const labeled = [VERSION, suite, utf8.encode(label), material];
  return hmac(salt, labeled);
}

/** RFC 9180 4, LabeledExpand; one round of HKDF gives 32 bytes, and no more is asked for. */
function expand(
  prk: Uint8Array,
  suite: Uint8Array,
  [label, info, length]: readonly [string, Uint8Array, number],
): Uint8Array {
  const size = Uint8Array.of(0, length);
  const labeled = [size, VERSION, suite, utf8.encode(label), info, Uint8Array.of(1)];
  return hmac(prk, labeled).subarray(0, length);
}

function hmac(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const sum = createHmac("sha256", key);
  for (const part of parts) sum.update(part);
  return sum.digest();
}

function unopened(cause?: unknown): FormatError {
  const text = "expected what was sealed to this key, whole and unchanged";
  return new FormatError("FORMAT", text, { cause });
}
