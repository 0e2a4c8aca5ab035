import { createHmac, createSecretKey, hash } from "node:crypto";
import type { Sha256 } from "./units.ts";

/** SHA-256 of the bytes, as the wire writes it: 64 lowercase hex characters. */
export function sha256(bytes: Uint8Array): Sha256 {
  return hash("sha256", bytes, "hex") as Sha256;
}

/** HMAC-SHA-256 (RFC 2104) of the bytes under a key: 64 lowercase hex characters. */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Sha256 {
  return keyedSha256(key)(bytes);
}

/** `hmacSha256` for many texts under one key; preparing the key is most of the work. */
export function keyedSha256(key: Uint8Array): (bytes: Uint8Array) => Sha256 {
  const prepared = createSecretKey(key);
  return (bytes) => createHmac("sha256", prepared).update(bytes).digest("hex") as Sha256;
}
