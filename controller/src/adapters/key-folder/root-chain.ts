import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  acceptNextRoot,
  decodeEnvelope,
  documentLimits,
  keyLimits,
  openPinnedRoot,
  sha256,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { readDocument, writeDurably } from "./key-file.ts";

/** Every root of the fleet this folder holds, in `roots/{version}.json`. */
export interface RootChain {
  readonly newest: VerifiedRoot;
  readonly bytesAt: (version: number) => Uint8Array | undefined;
}

/**
 * Rules:
 *
 * 1. The lowest version that is there is trusted as it lies there: whoever may write this folder rules the fleet's side.
 *    Each further one follows from the one before, or nothing is opened: a root that was taken was verified before.
 * 2. A `root.json` in the folder itself is a root somebody brought: the first of a new fleet, or the next of a known one
 *    (where the online key is lost, no controller runs that could be sent it). It moves to its place once it is verified.
 * 3. Versions that were taken are kept for ever: a device that was away for years walks through all of them.
 *
 * @returns undefined when there is no root at all
 * @throws KeyError KEY_INVALID naming the file
 */
export async function openRootChain(folder: string): Promise<RootChain | undefined> {
  await mkdir(rootsFolder(folder), { recursive: true, mode: 0o700 });
  const stored = await readStored(folder);
  return takeBrought(folder, stored);
}

/** The chain with one more root, which is on disk when resolved. It has been verified. */
export async function storeRoot(
  folder: string,
  chain: RootChain | undefined,
  root: VerifiedRoot,
): Promise<RootChain> {
  const { version } = root.document;
  if (version > keyLimits.rootsKeptMax) {
    throw new KeyError(
      "KEY_INVALID",
      `expected at most ${keyLimits.rootsKeptMax} roots of a fleet`,
    );
  }
  await writeDurably(join(rootsFolder(folder), `${version}.json`), root.bytes);
  return chained(chain, root);
}

async function readStored(folder: string): Promise<RootChain | undefined> {
  const names = await readdir(rootsFolder(folder));
  const versions = names
    .flatMap((name) => /^([1-9]\d{0,5})\.json$/.exec(name)?.[1] ?? [])
    .map(Number);
  let chain: RootChain | undefined;
  for (const version of versions.toSorted((left, right) => left - right)) {
    const path = join(rootsFolder(folder), `${version}.json`);
    const root = await readRoot(path, chain);
    if (root?.document.version !== version) {
      throw new KeyError("KEY_INVALID", `${path}: expected root ${version}, got another`);
    }
    chain = chained(chain, root);
  }
  return chain;
}

async function takeBrought(
  folder: string,
  chain: RootChain | undefined,
): Promise<RootChain | undefined> {
  const path = join(folder, "root.json");
  const bytes = await readDocument(path, documentLimits.envelopeBytesMax);
  if (bytes === undefined) return chain;
  const isKnown = chain !== undefined && isOneOf(chain, bytes);
  const root = isKnown ? undefined : await readRoot(path, chain);
  const next = root === undefined ? chain : await storeRoot(folder, chain, root);
  await rm(path);
  return next;
}

/** Rule 1. */
async function readRoot(
  path: string,
  chain: RootChain | undefined,
): Promise<VerifiedRoot | undefined> {
  const bytes = await readDocument(path, documentLimits.envelopeBytesMax);
  if (bytes === undefined) return undefined;
  try {
    if (chain !== undefined) return acceptNextRoot(chain.newest, bytes);
    return openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload));
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new KeyError("KEY_INVALID", `${path}: ${cause.message}`, { cause });
  }
}

function chained(before: RootChain | undefined, root: VerifiedRoot): RootChain {
  const { version } = root.document;
  return {
    newest: root,
    bytesAt: (wanted) => (wanted === version ? root.bytes : before?.bytesAt(wanted)),
  };
}

function isOneOf(chain: RootChain, bytes: Uint8Array): boolean {
  for (let { version } = chain.newest.document; version > 0; version -= 1) {
    const known = chain.bytesAt(version);
    if (known === undefined) return false;
    if (Buffer.from(known).equals(bytes)) return true;
  }
  return false;
}

function rootsFolder(folder: string): string {
  return join(folder, "roots");
}
