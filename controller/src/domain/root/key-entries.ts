import { encodeBase64, type KeyId, keyIdOf, type RootDocument } from "@modelfleet/protocol";

/** The `keys` of a root for these public keys. */
export function keyEntries(publicKeys: readonly Uint8Array[]): RootDocument["keys"] {
  return Object.fromEntries(
    publicKeys.map((key) => [keyIdOf(key), { alg: "ed25519", public: encodeBase64(key) }]),
  );
}

/** Each keyid once: naming a file twice does not make two keys of it. */
export function keyIds(publicKeys: readonly Uint8Array[]): KeyId[] {
  return [...new Set(publicKeys.map(keyIdOf))];
}
