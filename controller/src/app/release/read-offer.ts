import {
  blobLimits,
  checkRelease,
  decodeEnvelope,
  documentLimits,
  parsePayload,
  ReleaseDocument,
  ReleaseManifest,
  type Sha256,
  sha256,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";
import { readJson } from "./read-json.ts";
import { collect, type UploadPart } from "./upload.ts";

/** What the first part of an upload says the files will be: to be signed here, or signed by somebody else already. */
export type Offer =
  | { readonly kind: "manifest"; readonly manifest: ReleaseManifest }
  | ({ readonly kind: "signed"; readonly manifest: ReleaseManifest } & SignedRelease);

export interface SignedRelease {
  readonly release: Sha256;
  readonly document: ReleaseDocument;
  /** As it came. */
  readonly envelope: Uint8Array;
}

/** @throws PublishError MANIFEST | SIZE | TRUNCATED | ENVELOPE */
export async function readOffer(part: UploadPart, root: VerifiedRoot): Promise<Offer> {
  switch (part.name) {
    case "manifest":
      return { kind: "manifest", manifest: await readManifest(part) };
    case "envelope":
      return readSigned(await collect(part, documentLimits.envelopeBytesMax), root);
    default:
      throw noManifest(JSON.stringify(part.name.slice(0, 80)));
  }
}

export function noManifest(got: string): PublishError {
  return new PublishError(
    "MANIFEST",
    `expected a first part named manifest, or envelope for a release that is signed, got ${got}`,
  );
}

/**
 * Whether devices would take this release under this root, whatever their class and floor are.
 *
 * @throws VerifyError
 */
export function checkSigned(root: VerifiedRoot, { release, document, envelope }: SignedRelease) {
  const [deviceClass = "*"] = document.compat.classes;
  return checkRelease(root, envelope, { release, model: document.model, deviceClass, floor: 0 });
}

async function readManifest(part: UploadPart): Promise<ReleaseManifest> {
  const bytesMax = blobLimits.manifestBytesMax;
  const bytes = await collect(part, bytesMax);
  return readJson(bytes, { name: "manifest", schema: ReleaseManifest, bytesMax, code: "MANIFEST" });
}

function readSigned(envelope: Uint8Array, root: VerifiedRoot): Offer {
  try {
    const { payload } = decodeEnvelope(envelope);
    // Which keys must have signed depends on the model it names; nothing is done with it before they have.
    const claimed = parsePayload(ReleaseDocument, payload);
    const signed = { release: sha256(payload), document: claimed, envelope };
    const document = checkSigned(root, signed);
    return { kind: "signed", manifest: ReleaseManifest.parse(document), ...signed, document };
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new PublishError(
      "ENVELOPE",
      `envelope: ${cause.code}: ${cause.message}; sign it with a key root ${root.document.version} names: modelfleet release sign`,
      { cause },
    );
  }
}
