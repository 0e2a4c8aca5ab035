import { type KeyObject, verify } from "node:crypto";
import { controllerLimits } from "../limits.ts";
import { isStrictPublicKey, isStrictSignature } from "./core/strict-ed25519.ts";
import { nativeKey } from "./core/verify-signature.ts";

/**
 * The verdict of `verifySignatureNative`, reached in the thread pool: for whoever verifies thousands a second and has
 * something else to do meanwhile. The bytes must not change before it is reached.
 *
 * @returns false for everything that is not a valid signature; never rejects
 */
export function verifyInPool(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const key = keptKey(publicKey);
      const isStrict = message instanceof Uint8Array && isStrictSignature(signature);
      if (key === undefined || !isStrict) {
        resolve(false);
        return;
      }
      verify(null, message, key, signature, (error, isValid) => resolve(error === null && isValid));
    } catch {
      resolve(false); // A backend that gives up has not verified.
    }
  });
}

/** Strict keys by their bytes, the one that was used last at the end. Taking a key in costs a quarter of a check. */
const kept = new Map<string, KeyObject>();

/** @returns undefined for what is no strict key */
function keptKey(publicKey: Uint8Array): KeyObject | undefined {
  const name = Buffer.from(publicKey).toString("latin1");
  const key = kept.get(name) ?? (isStrictPublicKey(publicKey) ? nativeKey(publicKey) : undefined);
  if (key === undefined) return undefined;
  kept.delete(name);
  kept.set(name, key);
  if (kept.size > controllerLimits.keysKeptMax) forgetOldest();
  return key;
}

/** Looked for only where there are too many: a map steps over whatever was taken out at its beginning. */
function forgetOldest(): void {
  const [oldest] = kept.keys();
  if (oldest !== undefined) kept.delete(oldest);
}
