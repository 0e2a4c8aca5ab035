import {
  AuditCheckpoint,
  checkEnvelope,
  decodeEnvelope,
  parsePayload,
  payloadTypes,
  roleOf,
  type Sha256,
  sha256,
  type VerifiedRoot,
  VerifyError,
  verifySignature,
} from "@modelfleet/protocol";

export interface OpenedCheckpoint {
  readonly checkpoint: AuditCheckpoint;
  /** Of its payload: what the next checkpoint names as `previous`. */
  readonly sha256: Sha256;
}

/**
 * A checkpoint signed by the online role of one of these roots: a fleet may have had several.
 *
 * @param roots of which each is trusted by the caller; none: signatures are not looked at
 * @throws VerifyError SIZE, FORMAT, TYPE, DUP_KEYID, SIGNATURE, FLEET
 */
export function readCheckpoint(
  envelope: Uint8Array,
  roots: readonly VerifiedRoot[],
): OpenedCheckpoint {
  const unverified = decodeEnvelope(envelope);
  const signers = roots.filter((root) => isSignedUnder(root, unverified));
  if (roots.length > 0 && signers.length === 0) {
    throw new VerifyError("SIGNATURE", "expected a checkpoint by the online key of a given root");
  }
  const checkpoint = parsePayload(AuditCheckpoint, unverified.payload);
  if (signers.some((root) => root.document.fleet !== checkpoint.fleet)) {
    throw new VerifyError("FLEET", "expected a checkpoint of the root's fleet, got another");
  }
  return { checkpoint, sha256: sha256(unverified.payload) };
}

function isSignedUnder(root: VerifiedRoot, envelope: ReturnType<typeof decodeEnvelope>): boolean {
  try {
    const by = { role: roleOf(root, "online"), verify: verifySignature };
    checkEnvelope(envelope, payloadTypes.auditCheckpoint, by);
    return true;
  } catch (error) {
    if (error instanceof VerifyError && error.code === "SIGNATURE") return false;
    throw error;
  }
}
