import { sha256 } from "../../digest.ts";
import type { Sha256 } from "../../units.ts";
import { decodeEnvelope } from "./envelope.ts";
import { loadRoot } from "./load-root.ts";
import { openEnvelope } from "./open-envelope.ts";
import { payloadTypes } from "./payload-types.ts";
import { keysOfRule, roleOf, type VerifiedRoot } from "./role-keys.ts";
import { VerifyError } from "./verify-error.ts";
import { type Verifier, verifySignature } from "./verify-signature.ts";

/**
 * First trust: the payload's digest is the pinned one, and the root's own threshold holds.
 *
 * @throws VerifyError DIGEST when it is not the pinned root, SIGNATURE and the codes of `loadRoot`
 */
export function openPinnedRoot(
  bytes: Uint8Array,
  pinnedSha256: Sha256,
  verify: Verifier = verifySignature,
): VerifiedRoot {
  const { payload } = decodeEnvelope(bytes);
  const digest = sha256(payload);
  // protocol.md 1.3.7: no trust on first use; the pin comes with the enrolment string or from the factory.
  if (digest !== pinnedSha256) {
    throw new VerifyError("DIGEST", `expected the root ${pinnedSha256}, got ${digest}`);
  }
  const document = loadRoot(payload);
  openEnvelope(bytes, payloadTypes.root, keysOfRule(document, document.roles.root), verify);
  return { document, sha256: digest, bytes };
}

/**
 * One step of rotation, N → N + 1.
 *
 * @throws VerifyError SIGNATURE, ROOT_CHAIN, FLEET and the codes of `loadRoot`
 */
export function acceptNextRoot(
  current: VerifiedRoot,
  bytes: Uint8Array,
  verify: Verifier = verifySignature,
): VerifiedRoot {
  // protocol.md 1.3.8: first the threshold of the root that is trusted already …
  const opened = openEnvelope(bytes, payloadTypes.root, roleOf(current, "root"), verify);
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
  openEnvelope(bytes, payloadTypes.root, keysOfRule(document, document.roles.root), verify);
  return { document, sha256: opened.sha256, bytes };
}
