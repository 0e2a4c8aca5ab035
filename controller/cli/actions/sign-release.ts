import { stat } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeEnvelope,
  encodePayload,
  keyIdOf,
  parsePayload,
  payloadTypes,
  ReleaseDocument,
  releaseRoleOf,
  sha256,
  signEnvelope,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { assembleUpload } from "../../src/app/release/assemble-upload.ts";
import { checkSigned, type SignedRelease } from "../../src/app/release/read-offer.ts";
import { addSignature } from "../../src/app/root/add-signature.ts";
import { isSameRelease } from "../../src/domain/release/assemble-release.ts";
import { CliError } from "../cli-error.ts";
import { keyProvider, openSigningKey } from "../key-access.ts";
import type { KeyOptions } from "../key-options.ts";
import { localContext } from "../local-context.ts";
import { openLocalFiles } from "../local-files.ts";
import { readManifest, SIGNED_RELEASE } from "../release-folder.ts";
import { inFile, readEnvelopeFile, readRootFile, replaceFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface SignReleaseOptions extends KeyOptions {
  readonly key: readonly string[];
  readonly root: string;
  readonly out?: string;
}

/**
 * Signs a release folder where the key is; no controller and no network is needed. The files are scanned and checked as
 * the controller does it. Where the folder is signed already, one more signature is added to the same document.
 */
export async function signRelease(
  terminal: Terminal,
  folder: string,
  options: SignReleaseOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const out = options.out ?? join(folder, SIGNED_RELEASE);
  const root = await readRootFile(options.root);
  const document = await findDocument(terminal, folder, root);
  const role = inFile(options.root, () => releaseRoleOf(root, document.model));
  const provider = keyProvider(terminal, options);
  let envelope = await startEnvelope(out, document);
  for (const file of options.key) {
    const keyid = keyIdOf((await provider.read(file)).publicKey);
    if (!role.keys.has(keyid)) {
      const who = [...role.keys.keys()].map((id) => id.slice(0, 16)).join(" or ");
      const got = `got ${keyid.slice(0, 16)} in ${file}`;
      throw new CliError("USAGE", `expected a release key for ${document.model} (${who}), ${got}`);
    }
    envelope = await addSignature(envelope, await openSigningKey(context, provider, file));
  }
  await replaceFile(out, envelope);
  const signed = signedRelease(envelope);
  const incomplete = whyIncomplete(root, signed);
  const { model, version } = signed.document;
  const answer = { file: out, release: signed.release, model, version, incomplete };
  context.answer(answer, () => `${out}  ${model}@${version}  ${signed.release}`);
  context.say(
    incomplete === null
      ? `next: ${options.out === undefined ? "" : `put it into the folder as ${SIGNED_RELEASE}, then `}modelfleet release publish ${folder}`
      : `not complete: ${incomplete}; sign again with another key`,
  );
}

async function findDocument(
  terminal: Terminal,
  folder: string,
  root: VerifiedRoot,
): Promise<ReleaseDocument> {
  const manifest = await readManifest(folder);
  using local = openLocalFiles(folder, manifest);
  const { fleet } = root.document;
  const { files } = local;
  const document = assembleUpload({ manifest, files, fleet, nowMs: terminal.nowMs() });
  local.refuseChanged();
  return document;
}

/** The document somebody has signed before, when it is this one; else a new one without a signature. */
async function startEnvelope(out: string, document: ReleaseDocument): Promise<Uint8Array> {
  if (await exists(out)) {
    const bytes = await readEnvelopeFile(out);
    const before = inFile(out, () => signedRelease(bytes)).document;
    if (isSameRelease(before, document)) return bytes;
  }
  return signEnvelope(payloadTypes.release, encodePayload(document), []);
}

function signedRelease(envelope: Uint8Array): SignedRelease {
  const { payload } = decodeEnvelope(envelope);
  return { release: sha256(payload), document: parsePayload(ReleaseDocument, payload), envelope };
}

/** @returns null when every device of the fleet would take its signatures */
function whyIncomplete(root: VerifiedRoot, signed: SignedRelease): string | null {
  try {
    checkSigned(root, signed);
    return null;
  } catch (error) {
    if (!(error instanceof VerifyError)) throw error;
    return error.message;
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
