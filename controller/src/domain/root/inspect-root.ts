import {
  acceptNextRoot,
  decodeBase64,
  decodeEnvelope,
  isCodedError,
  type KeyId,
  keyIdOf,
  loadRoot,
  openPinnedRoot,
  pae,
  payloadTypes,
  type RoleRule,
  type RootDocument,
  type Sha256,
  sha256,
  type UnverifiedEnvelope,
  type VerifiedRoot,
  VerifyError,
  verifySignature,
} from "@modelfleet/protocol";

/** Who of a root role has signed, and how many must. */
export interface SignatureCount {
  readonly signed: readonly KeyId[];
  readonly missing: readonly KeyId[];
  readonly threshold: number;
}

export interface RootInspection {
  readonly document: RootDocument;
  readonly sha256: Sha256;
  /** By the keys this root names itself. */
  readonly own: SignatureCount;
  /** By the keys of the root before it, where that was given. */
  readonly previous: SignatureCount | null;
  /** Signatures that are nobody's of either. */
  readonly foreign: number;
  /** null: complete. Else why devices (that hold the root before it, where that was given) would refuse it. */
  readonly refusal: string | null;
}

/**
 * What a root file says and who has signed it, also while it is a draft. Nothing in it is trusted by that.
 *
 * @throws VerifyError when it is no envelope of a root, or one that could never be loaded
 */
export function inspectRoot(bytes: Uint8Array, before?: VerifiedRoot): RootInspection {
  const envelope = rootEnvelope(bytes);
  const document = loadRoot(envelope.payload);
  const own = countSignatures(envelope, document, document.roles.root);
  const old = before?.document;
  const previous = old === undefined ? null : countSignatures(envelope, old, old.roles.root);
  const known = new Set<string>([...own.signed, ...(previous?.signed ?? [])]);
  return {
    document,
    sha256: sha256(envelope.payload),
    own,
    previous,
    foreign: envelope.signatures.filter(({ keyid }) => !known.has(keyid)).length,
    refusal: refusalOf(bytes, before),
  };
}

/** @throws VerifyError TYPE when it is an envelope of something else */
export function rootEnvelope(bytes: Uint8Array): UnverifiedEnvelope {
  const envelope = decodeEnvelope(bytes);
  if (envelope.payloadType === payloadTypes.root) return envelope;
  throw new VerifyError("TYPE", `expected a root, got ${envelope.payloadType}`);
}

function countSignatures(
  envelope: UnverifiedEnvelope,
  { keys }: RootDocument,
  { keyids, threshold }: RoleRule,
): SignatureCount {
  const message = pae(payloadTypes.root, envelope.payload);
  const hasSigned = (keyid: KeyId): boolean => {
    const key = decodeBase64(keys[keyid]?.public ?? "");
    if (key === undefined || keyIdOf(key) !== keyid) return false;
    return envelope.signatures.some(
      (signature) => signature.keyid === keyid && verifySignature(key, message, signature.sig),
    );
  };
  const signed = keyids.filter(hasSigned);
  return { signed, missing: keyids.filter((keyid) => !signed.includes(keyid)), threshold };
}

function refusalOf(bytes: Uint8Array, before: VerifiedRoot | undefined): string | null {
  try {
    if (before !== undefined) acceptNextRoot(before, bytes);
    else openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload));
    return null;
  } catch (error) {
    if (!isCodedError(error)) throw error;
    return error.message;
  }
}
