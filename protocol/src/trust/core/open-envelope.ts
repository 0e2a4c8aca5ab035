import { sha256 } from "../../digest.ts";
import { documentLimits } from "../../limits.ts";
import type { Sha256 } from "../../units.ts";
import type { KeyId } from "../root-document.ts";
import { decodeEnvelope, pae, type UnverifiedEnvelope } from "./envelope.ts";
import type { PayloadType } from "./payload-types.ts";
import { signatureBytes } from "./strict-ed25519.ts";
import { VerifyError } from "./verify-error.ts";
import { type Verifier, verifySignature } from "./verify-signature.ts";

/** Who may sign: keys by their recomputed id, and how many distinct ones must have. */
export interface RoleKeys {
  readonly keys: ReadonlyMap<KeyId, Uint8Array>;
  readonly threshold: number;
}

/** Payload bytes exactly as they were signed, and their digest. */
export interface OpenedEnvelope {
  readonly payload: Uint8Array;
  readonly sha256: Sha256;
}

/**
 * Opens a signed document in the order of protocol.md 1.1: nothing of the payload is parsed before its signatures hold.
 *
 * @throws VerifyError SIZE, FORMAT, TYPE, DUP_KEYID, SIGNATURE
 */
export function openEnvelope(
  bytes: Uint8Array,
  expectedType: PayloadType,
  role: RoleKeys,
  verify: Verifier = verifySignature,
): OpenedEnvelope {
  const envelope = decodeEnvelope(bytes);
  checkEnvelope(envelope, expectedType, { role, verify });
  return { payload: envelope.payload, sha256: sha256(envelope.payload) };
}

/** The part after decoding, for callers that chose the key by what is inside (enrolment). */
export function checkEnvelope(
  envelope: UnverifiedEnvelope,
  expectedType: PayloadType,
  by: { readonly role: RoleKeys; readonly verify: Verifier },
): void {
  checkThreshold(by.role.threshold);
  // protocol.md 1.1.5: the type is part of the signed bytes and must be exactly the expected one.
  if (envelope.payloadType !== expectedType) {
    throw new VerifyError("TYPE", `expected payload type ${expectedType}, got another`);
  }
  checkKeyids(envelope);
  const message = pae(expectedType, envelope.payload);
  const keys: ReadonlyMap<string, Uint8Array> = by.role.keys;
  const signed = new Set<string>();
  for (const { keyid, sig } of envelope.signatures) {
    const key = keys.get(keyid);
    // protocol.md 1.1.8: a signature by an unknown key, or a wrong one, does not count and does no harm.
    if (key === undefined || !by.verify(key, message, sig)) continue;
    // protocol.md 1.1.7: distinct public keys are counted, never signatures.
    signed.add(Buffer.from(key).toString("hex"));
  }
  if (signed.size < by.role.threshold) throw belowThreshold(envelope, signed.size, by.role);
}

function checkThreshold(threshold: number): void {
  if (Number.isSafeInteger(threshold) && threshold >= 1) return;
  throw new RangeError(`expected a threshold ≥ 1, got ${threshold}`);
}

function checkKeyids({ signatures }: UnverifiedEnvelope): void {
  const { signaturesMax } = documentLimits;
  // protocol.md 1.1.7: at most 16 signatures; a repeated keyid refuses the whole document.
  if (signatures.length > signaturesMax) {
    const got = signatures.length;
    throw new VerifyError("FORMAT", `expected ≤ ${signaturesMax} signatures, got ${got}`);
  }
  if (new Set(signatures.map(({ keyid }) => keyid)).size !== signatures.length) {
    throw new VerifyError("DUP_KEYID", "expected each keyid once, got one twice");
  }
}

function belowThreshold(envelope: UnverifiedEnvelope, got: number, role: RoleKeys): VerifyError {
  // protocol.md 1.1.4: a signature of another length is a matter of form, unless the document holds without it.
  if (envelope.signatures.some(({ sig }) => sig.length !== signatureBytes)) {
    return new VerifyError("FORMAT", `sig: expected ${signatureBytes} bytes, got another length`);
  }
  const expected = `valid signatures by ${role.threshold} of ${role.keys.size} keys`;
  return new VerifyError("SIGNATURE", `expected ${expected}, got ${got}`);
}
