import { type RoleRule, RootDocument } from "../root-document.ts";
import { keyIdOf } from "./key-id.ts";
import { parsePayload } from "./payload.ts";
import { decodeBase64 } from "./strict-base64.ts";
import { isStrictPublicKey } from "./strict-ed25519.ts";
import { VerifyError } from "./verify-error.ts";

/**
 * Reads a root's payload and holds it to the load rules of protocol.md 1.3. Its signatures are not looked at here.
 *
 * @throws VerifyError FORMAT, SIZE, KEYID, ROOT_INVALID
 */
export function loadRoot(payload: Uint8Array): RootDocument {
  const root = parsePayload(RootDocument, payload, (path) =>
    path.endsWith("threshold") ? "ROOT_INVALID" : "FORMAT",
  );
  // protocol.md 1.3.2: issued before it expires.
  if (Date.parse(root.issuedAt) >= Date.parse(root.expires)) {
    throw new VerifyError("ROOT_INVALID", "expires: expected a moment after issuedAt");
  }
  for (const [keyid, key] of Object.entries(root.keys)) checkKey(keyid, key.public);
  const { root: rootRule, online, release } = root.roles;
  for (const rule of [rootRule, online, ...release]) checkRule(rule, root);
  // protocol.md 1.3.5: no key in both root and online, so that no online machine holds a root key.
  if (rootRule.keyids.some((id) => online.keyids.includes(id))) {
    throw new VerifyError("ROOT_INVALID", "roles.online: expected no key of roles.root");
  }
  return root;
}

function checkKey(keyid: string, text: string): void {
  const key = decodeBase64(text);
  // protocol.md 1.3.3: a key of small order, or written in a second way, is refused.
  if (!isStrictPublicKey(key)) {
    throw new VerifyError("ROOT_INVALID", `keys.${keyid}: expected a strict Ed25519 public key`);
  }
  // protocol.md 1.3.3: a keyid is recomputed, so one key cannot stand under two names.
  if (keyIdOf(key) !== keyid) {
    throw new VerifyError("KEYID", `keys.${keyid}: expected the SHA-256 of its public key`);
  }
}

function checkRule({ keyids, threshold }: RoleRule, root: RootDocument): void {
  // protocol.md 1.3.4: every key of a role is known, named once, and the threshold can be met.
  if (new Set(keyids).size !== keyids.length) {
    throw new VerifyError("ROOT_INVALID", "keyids: expected each keyid once in a role");
  }
  if (!keyids.every((id) => Object.hasOwn(root.keys, id))) {
    throw new VerifyError("ROOT_INVALID", "keyids: expected only ids that stand in keys");
  }
  if (threshold > keyids.length) {
    const got = `${keyids.length} distinct keys, got ${threshold}`;
    throw new VerifyError("ROOT_INVALID", `threshold: expected ≤ ${got}`);
  }
}
