import { encodeBase64, keyIdOf, type RootView } from "@modelfleet/protocol";
import { rootExpiry } from "../../domain/root/root-expiry.ts";
import type { Keys } from "../../ports/keys.ts";

/** The newest root, as operators see it. */
export function rootView(keys: Keys, nowMs: number): RootView {
  const { document, sha256, bytes } = keys.root();
  return {
    version: document.version,
    sha256,
    expires: document.expires,
    ...rootExpiry(document, nowMs),
    onlineKey: keyIdOf(keys.online().publicKey),
    document,
    envelope: encodeBase64(bytes),
  };
}
