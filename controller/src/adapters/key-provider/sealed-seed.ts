import { createCipheriv, createDecipheriv, scrypt } from "node:crypto";
import {
  decodeBase64,
  ed25519Signer,
  encodeBase64,
  encodePayload,
  keyLimits,
  type Signer,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { SealedHeader, type SealedKey } from "./key-forms.ts";

const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SECRET_BYTES = 32;

export interface SealedBy {
  readonly name: string;
  readonly passphrase: string;
  /** Of the wire form of a moment. */
  readonly createdAt: string;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** A seed under a passphrase: scrypt, then AES-256-GCM with everything else of the file as additional data. */
export async function sealSeed(seed: Uint8Array, by: SealedBy): Promise<SealedKey> {
  const salt = by.randomBytes(SALT_BYTES);
  const nonce = by.randomBytes(NONCE_BYTES);
  const header = SealedHeader.parse({
    format: "modelfleet-key-1",
    name: by.name,
    publicKey: encodeBase64(ed25519Signer(seed).publicKey),
    createdAt: by.createdAt,
    kdf: { name: "scrypt", N: keyLimits.scryptCost, r: 8, p: 1, salt: encodeBase64(salt) },
    cipher: { name: "aes-256-gcm", nonce: encodeBase64(nonce) },
  });
  const secret = await deriveSecret(by.passphrase, salt);
  const cipher = createCipheriv("aes-256-gcm", secret, nonce).setAAD(encodePayload(header));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  secret.fill(0);
  return { ...header, sealed: encodeBase64(sealed) };
}

/** @throws KeyError KEY_LOCKED for another passphrase or a changed file */
export async function openSeed(key: SealedKey, passphrase: string, path: string): Promise<Signer> {
  const { sealed, ...rest } = key;
  const header = SealedHeader.parse(rest);
  const secret = await deriveSecret(passphrase, bytesOf(header.kdf.salt));
  const nonce = bytesOf(header.cipher.nonce);
  const bytes = bytesOf(sealed);
  const cipher = createDecipheriv("aes-256-gcm", secret, nonce)
    .setAAD(encodePayload(header))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const seed = Buffer.concat([cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final()]);
    const signer = ed25519Signer(seed);
    seed.fill(0);
    // trust.md 8: GCM does not commit to its key, so what came out is compared with what was promised.
    if (encodeBase64(signer.publicKey) === header.publicKey) return signer;
  } catch (cause) {
    throw locked(key.name, path, cause);
  } finally {
    secret.fill(0);
  }
  throw locked(key.name, path);
}

function deriveSecret(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  const options = { N: keyLimits.scryptCost, r: 8, p: 1, maxmem: keyLimits.scryptMemoryBytesMax };
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFC"), salt, SECRET_BYTES, options, (error, secret) => {
      if (error === null) resolve(secret);
      else reject(error);
    });
  });
}

/** The form of the file has been checked: this is base64. */
function bytesOf(text: string): Uint8Array {
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw new RangeError("expected checked base64");
  return bytes;
}

function locked(name: string, path: string, cause?: unknown): KeyError {
  return new KeyError(
    "KEY_LOCKED",
    `${path}: expected the passphrase of key ${name}, got another, or a file that was changed: try again, or take the key from its backup`,
    { cause },
  );
}
