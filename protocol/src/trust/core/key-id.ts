import { sha256 } from "../../digest.ts";
import type { KeyId } from "../root-document.ts";

/** Lowercase hex SHA-256 of the raw 32-byte public key (protocol.md 1.1.3). */
export function keyIdOf(publicKey: Uint8Array): KeyId {
  return sha256(publicKey);
}
