import { verify } from "node:crypto";
import { isStrictInput, nativeKey } from "./core/verify-signature.ts";

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
  if (!isStrictInput(publicKey, message, signature)) return Promise.resolve(false);
  return new Promise((resolve) => {
    try {
      verify(null, message, nativeKey(publicKey), signature, (error, isValid) =>
        resolve(error === null && isValid),
      );
    } catch {
      resolve(false); // A backend that gives up has not verified.
    }
  });
}
