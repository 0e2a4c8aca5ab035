import {
  decodeEnvelope,
  encodeEnvelope,
  keyIdOf,
  pae,
  type SigningKey,
  verifySignature,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";

/**
 * The same payload with one more signature; a signature this key gave before is replaced. Who may sign what is asked
 * before: this only signs.
 *
 * @throws KeyError SIGNING_FAILED when the fresh signature does not verify
 */
export async function addSignature(bytes: Uint8Array, key: SigningKey): Promise<Uint8Array> {
  const { payloadType, payload, signatures } = decodeEnvelope(bytes);
  const keyid = keyIdOf(key.publicKey);
  const message = pae(payloadType, payload);
  const sig = await key.sign(message);
  // trust.md 2: a fresh signature is verified by the other implementation before anybody sees it.
  if (!verifySignature(key.publicKey, message, sig)) {
    throw new KeyError("SIGNING_FAILED", `expected a signature of key ${keyid}, got another`);
  }
  const others = signatures.filter((signature) => signature.keyid !== keyid);
  return encodeEnvelope(payloadType, payload, [...others, { keyid, sig }]);
}
