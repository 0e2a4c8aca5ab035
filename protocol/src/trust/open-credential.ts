import { CredentialMessage } from "../messages/enrol.ts";
import { openEnvelope } from "./core/open-envelope.ts";
import { parsePayload } from "./core/payload.ts";
import { payloadTypes } from "./core/payload-types.ts";
import { roleOf, type VerifiedRoot } from "./core/role-keys.ts";
import { VerifyError } from "./core/verify-error.ts";
import { type Verifier, verifySignature } from "./core/verify-signature.ts";

/**
 * The answer to an enrolment, signed by the online key and carrying the device's nonce.
 *
 * @throws VerifyError SIGNATURE, FORMAT, FLEET, NOT_FRESH
 */
export function openCredential(
  root: VerifiedRoot,
  bytes: Uint8Array,
  expectedNonce: string,
  verify: Verifier = verifySignature,
): CredentialMessage {
  const { payload } = openEnvelope(bytes, payloadTypes.credential, roleOf(root, "online"), verify);
  const credential = parsePayload(CredentialMessage, payload);
  // protocol.md 7.5: of the fleet whose root was pinned.
  if (credential.fleet !== root.document.fleet) {
    throw new VerifyError("FLEET", `expected fleet ${root.document.fleet}, got another`);
  }
  // protocol.md 7.5: it answers this request and no other.
  if (credential.nonce !== expectedNonce) {
    throw new VerifyError("NOT_FRESH", "expected the nonce of this device's enrol message");
  }
  return credential;
}
