import { open } from "node:fs/promises";
import {
  decodeEnvelope,
  documentLimits,
  openPinnedRoot,
  sha256,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { writeDurably } from "../src/adapters/key-folder/key-file.ts";
import { CliError } from "./cli-error.ts";
import { readSmallFile } from "./read-small-file.ts";

/** Nothing in a signed document is secret, and it goes from hand to hand. */
const PUBLIC_MODE = 0o644;

/** The bytes of a signed document. @throws CliError FILE */
export function readEnvelopeFile(path: string): Promise<Uint8Array> {
  return readSmallFile(path, documentLimits.envelopeBytesMax);
}

/** A root that is complete by its own keys; whether it is the fleet's, whoever keeps the file must know. */
export async function readRootFile(path: string): Promise<VerifiedRoot> {
  const bytes = await readEnvelopeFile(path);
  return inFile(path, () => openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload)));
}

/** The same work, with the file named in what goes wrong with it. @throws CliError FILE */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new CliError("FILE", `${path}: ${cause.message}`, { cause });
  }
}

/** A document of its own, never over another one. @throws CliError FILE */
export async function writeNewFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await using file = await open(path, "wx", PUBLIC_MODE);
    await file.writeFile(bytes);
    await file.sync();
  } catch (cause) {
    const isThere = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    const why = isThere ? "a file is there already: choose another name" : String(cause);
    throw new CliError("FILE", `${path}: cannot be made: ${why}`, { cause });
  }
}

/** The same document with more in it. @throws CliError FILE */
export async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeDurably(path, bytes, PUBLIC_MODE);
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be written: ${String(cause)}`, { cause });
  }
}
