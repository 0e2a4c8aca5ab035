import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeEnvelope,
  documentLimits,
  type ReleaseFile,
  type Sha256,
  sha256,
  VerifyError,
} from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { BlobSource } from "../../ports/blob-source.ts";
import { boundedFile, openQuietly } from "./bounded-file.ts";

const PIECE_BYTES = 256 * 1024;
const bytesMax = documentLimits.envelopeBytesMax;

/**
 * Documents that were carried here in a folder, else those of the network. Only digests and versions are names there.
 *
 * A copy that is asked for again was not taken, for nobody asks twice for what he has: then the network is asked, and the
 * copy the time after. So what lies here, damaged or forged, hides nothing from the device for ever.
 */
export function carriedDocuments(folder: string, network: BlobSource): BlobSource {
  let handedOut: Sha256 | undefined;

  async function firstHere(
    path: string,
    isWhole: (bytes: Uint8Array) => boolean,
  ): Promise<Uint8Array | undefined> {
    const bytes = await boundedFile(join(folder, path), bytesMax);
    const digest = bytes !== undefined && isWhole(bytes) ? sha256(bytes) : undefined;
    const isAgain = digest === handedOut;
    handedOut = isAgain ? undefined : digest;
    return isAgain || digest === undefined ? undefined : bytes;
  }

  return {
    ...network,
    release: async (release, signal) => {
      const path = join("releases", `${release}.json`);
      const bytes = await firstHere(path, (copy) => isRelease(copy, release));
      return bytes ?? network.release(release, signal);
    },
    root: async (version, signal) => {
      const bytes = await firstHere(join("roots", `${version}.json`), () => true);
      return bytes ?? network.root(version, signal);
    },
  };
}

/**
 * Model files that were carried here, exactly as long as was signed (protocol.md 5.4); whoever asked hashes them.
 *
 * @throws DownloadError REFUSED when there is none of that length
 */
export function carriedFiles(folder: string): BlobSource["fill"] {
  return async (file, into, { signal, progress }) => {
    await using handle = await openQuietly(join(folder, "blobs", file.sha256));
    const found = await handle?.stat().catch(() => undefined);
    if (handle === undefined || !found?.isFile() || found.size !== file.size) throw missing(file);
    const piece = new Uint8Array(Math.min(PIECE_BYTES, file.size));
    while (into.haveBytes() < file.size) {
      signal.throwIfAborted();
      const left = Math.min(piece.length, file.size - into.haveBytes());
      const bytesRead = await readSome(handle, piece.subarray(0, left), into.haveBytes());
      if (bytesRead === 0) throw missing(file);
      await into.append(piece.subarray(0, bytesRead));
      progress(into.haveBytes());
    }
  };
}

/** 0 at the end, and where the disk cannot be read. */
async function readSome(handle: FileHandle, into: Uint8Array, position: number): Promise<number> {
  try {
    return (await handle.read(into, 0, into.length, position)).bytesRead;
  } catch {
    return 0; // As if the file ended here: whoever asked goes on elsewhere.
  }
}

/** A damaged copy counts as none: the network may have a good one. */
function isRelease(bytes: Uint8Array, release: Sha256): boolean {
  try {
    return sha256(decodeEnvelope(bytes).payload) === release;
  } catch (cause) {
    if (cause instanceof VerifyError) return false;
    throw cause;
  }
}

function missing({ sha256: digest, size }: ReleaseFile): DownloadError {
  const text = `expected file ${digest} of ${size} bytes in the folder that was carried here`;
  return new DownloadError("REFUSED", text);
}
