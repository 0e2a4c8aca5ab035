import { keyIdOf, type RootDocument, roleOf, type VerifiedRoot } from "@modelfleet/protocol";
import { addSignature } from "../../src/app/root/add-signature.ts";
import { inspectRoot, type RootInspection } from "../../src/domain/root/inspect-root.ts";
import { missingSignatures } from "../../src/domain/root/missing-signatures.ts";
import { CliError } from "../cli-error.ts";
import { keyProvider, openSigningKey } from "../key-access.ts";
import type { KeyOptions } from "../key-options.ts";
import { localContext } from "../local-context.ts";
import { signatureLine } from "../render/root.ts";
import { inFile, readEnvelopeFile, readRootFile, replaceFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface SignRootOptions extends KeyOptions {
  readonly key: readonly string[];
  readonly against?: string;
}

/** Adds signatures to a root file, and says how many are still wanted. */
export async function signRoot(
  terminal: Terminal,
  path: string,
  options: SignRootOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const before = options.against === undefined ? undefined : await readRootFile(options.against);
  const provider = keyProvider(terminal, options);
  let bytes = await readEnvelopeFile(path);
  const draft = inFile(path, () => inspectRoot(bytes, before));
  if (before !== undefined) refuseStrangeDraft(path, draft.document, before.document);
  for (const file of options.key) {
    refuseStranger(file, (await provider.read(file)).publicKey, { draft, before });
    bytes = await addSignature(bytes, await openSigningKey(context, provider, file));
  }
  await replaceFile(path, bytes);
  const inspection = inspectRoot(bytes, before);
  const { own, previous, refusal, document } = inspection;
  const signed = { file: path, version: document.version, own, previous, refusal };
  context.answer(signed, () => `${path}  ${signatureLine(own, previous)}`);
  context.say(nextStep(path, inspection));
}

/** What no signature makes the next root should get none: a signature is not taken back. */
function refuseStrangeDraft(path: string, draft: RootDocument, before: RootDocument): void {
  if (draft.version === before.version + 1 && draft.fleet === before.fleet) return;
  throw new CliError(
    "FILE",
    `${path}: expected root ${before.version + 1} of fleet ${before.fleet}, got root ${draft.version} of ${draft.fleet}: nothing was signed`,
  );
}

interface Signers {
  readonly draft: RootInspection;
  readonly before: VerifiedRoot | undefined;
}

function refuseStranger(file: string, publicKey: Uint8Array, { draft, before }: Signers): void {
  const keyid = keyIdOf(publicKey);
  const isNew = draft.document.roles.root.keyids.includes(keyid);
  if (isNew || (before !== undefined && roleOf(before, "root").keys.has(keyid))) return;
  const wayOut =
    before === undefined
      ? "; a key that leaves with this root signs with --against the root before it"
      : "";
  throw new CliError(
    "USAGE",
    `expected a root key of root ${draft.document.version}, got ${keyid.slice(0, 16)} in ${file}${wayOut}`,
  );
}

function nextStep(path: string, inspection: RootInspection): string {
  const missing = missingSignatures(inspection);
  if (missing !== undefined) return `next: ${missing}: modelfleet root sign ${path} --key KEY`;
  const { refusal, document } = inspection;
  if (refusal !== null) return `not complete: ${refusal}`;
  return document.version === 1
    ? `next: put it into the controller's keys as root.json`
    : `next: modelfleet root publish ${path}`;
}
