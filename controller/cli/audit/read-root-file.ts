import { open } from "node:fs/promises";
import {
  decodeEnvelope,
  documentLimits,
  openPinnedRoot,
  sha256,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";

/** A root the operator trusts, from a file he keeps. @throws CliError FILE */
export async function readRootFile(path: string): Promise<VerifiedRoot> {
  const bytes = await readBounded(path);
  try {
    return openPinnedRoot(bytes, sha256(decodeEnvelope(bytes).payload));
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new CliError("FILE", `${path}: expected a root document: ${cause.message}`, { cause });
  }
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path, "r");
    const buffer = new Uint8Array(documentLimits.envelopeBytesMax + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    return buffer.subarray(0, bytesRead);
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}
