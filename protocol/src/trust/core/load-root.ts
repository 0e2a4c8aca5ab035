import { sha256 } from "../../digest.ts";
import type { ModelName, Sha256 } from "../../units.ts";
import { type KeyId, type RoleRule, RootDocument } from "../root-document.ts";
import { decodeEnvelope } from "./envelope.ts";
import { keyIdOf } from "./key-id.ts";
import { openEnvelope, type RoleKeys } from "./open-envelope.ts";
import { parsePayload } from "./payload.ts";
import { payloadTypes } from "./payload-types.ts";
import { decodeBase64 } from "./strict-base64.ts";
import { isStrictPublicKey } from "./strict-ed25519.ts";
import { VerifyError } from "./verify-error.ts";

/** A root whose signatures and load rules hold; `bytes` is the envelope as received, for storing. */
export interface VerifiedRoot {
  readonly document: RootDocument;
  /** Digest of the payload. */
  readonly sha256: Sha256;
  readonly bytes: Uint8Array;
}

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

/**
 * First trust: the payload's digest is the pinned one, and the root's own threshold holds.
 *
 * @throws VerifyError DIGEST when it is not the pinned root, SIGNATURE and the codes of `loadRoot`
 */
export function openPinnedRoot(bytes: Uint8Array, pinnedSha256: Sha256): VerifiedRoot {
  const { payload } = decodeEnvelope(bytes);
  const digest = sha256(payload);
  // protocol.md 1.3.7: no trust on first use; the pin comes with the enrolment string or from the factory.
  if (digest !== pinnedSha256) {
    throw new VerifyError("DIGEST", `expected the root ${pinnedSha256}, got ${digest}`);
  }
  const document = loadRoot(payload);
  openEnvelope(bytes, payloadTypes.root, roleKeys(document, document.roles.root));
  return { document, sha256: digest, bytes };
}

/**
 * One step of rotation, N → N + 1.
 *
 * @throws VerifyError SIGNATURE, ROOT_CHAIN, FLEET and the codes of `loadRoot`
 */
export function acceptNextRoot(current: VerifiedRoot, bytes: Uint8Array): VerifiedRoot {
  // protocol.md 1.3.8: first the threshold of the root that is trusted already …
  const opened = openEnvelope(bytes, payloadTypes.root, roleOf(current, "root"));
  const document = loadRoot(opened.payload);
  const expected = current.document.version + 1;
  // protocol.md 1.3.8: exactly the next version; none is skipped.
  if (document.version !== expected) {
    throw new VerifyError("ROOT_CHAIN", `expected root ${expected}, got ${document.version}`);
  }
  // protocol.md 1.3.6: a root never changes its fleet.
  if (document.fleet !== current.document.fleet) {
    throw new VerifyError("FLEET", `expected fleet ${current.document.fleet}, got another`);
  }
  // protocol.md 1.3.8: … then the threshold of the new root itself.
  openEnvelope(bytes, payloadTypes.root, roleKeys(document, document.roles.root));
  return { document, sha256: opened.sha256, bytes };
}

/** Keys and threshold of the role that signs `desired` and `credential`. */
export function roleOf(root: VerifiedRoot, role: "root" | "online"): RoleKeys {
  return roleKeys(root.document, root.document.roles[role]);
}

/**
 * Keys and threshold that may sign releases of this model.
 *
 * @throws VerifyError SIGNATURE when no rule covers the model
 */
export function releaseRoleOf(root: VerifiedRoot, model: ModelName): RoleKeys {
  // protocol.md 1.4.2: rules are ordered; the first that matches ends the search.
  const rule = root.document.roles.release.find(({ models }) =>
    models.some((pattern) => matchesModel(pattern, model)),
  );
  if (rule !== undefined) return roleKeys(root.document, rule);
  throw new VerifyError("SIGNATURE", `expected a release rule for ${model}, the root has none`);
}

/** `*` is every model, `vision.*` every name that begins with `vision.`, anything else only itself. */
function matchesModel(pattern: string, model: string): boolean {
  if (pattern === "*" || pattern === model) return true;
  return pattern.endsWith(".*") && model.startsWith(pattern.slice(0, -1));
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

function checkRule(rule: RoleRule, root: RootDocument): void {
  const distinct = new Set(rule.keyids);
  // protocol.md 1.3.4: every key of a role is known, named once, and the threshold can be met.
  if (distinct.size !== rule.keyids.length) {
    throw new VerifyError("ROOT_INVALID", "keyids: expected each keyid once in a role");
  }
  if (!rule.keyids.every((id) => Object.hasOwn(root.keys, id))) {
    throw new VerifyError("ROOT_INVALID", "keyids: expected only ids that stand in keys");
  }
  if (rule.threshold > distinct.size) {
    throw new VerifyError(
      "ROOT_INVALID",
      `threshold: expected ≤ ${distinct.size} distinct keys, got ${rule.threshold}`,
    );
  }
}

function roleKeys(root: RootDocument, rule: RoleRule): RoleKeys {
  const keys = new Map<KeyId, Uint8Array>();
  for (const id of rule.keyids) {
    const key = decodeBase64(root.keys[id]?.public ?? "");
    if (key !== undefined) keys.set(id, key);
  }
  return { keys, threshold: rule.threshold };
}
