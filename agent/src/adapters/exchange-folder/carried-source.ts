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

/** Documents that were carried here in a folder, else those of the network. Only digests and versions are names there. */
export function carriedDocuments(folder: string, network: BlobSource): BlobSource {
  return {
    ...network,
    release: async (release, signal) => {
      const path = join(folder, "releases", `${release}.json`);
      const bytes = await boundedFile(path, bytesMax);
      return bytes !== undefined && isRelease(bytes, release)
        ? bytes
        : network.release(release, signal);
    },
    root: async (version, signal) => {
      const bytes = await boundedFile(join(folder, "roots", `${version}.json`), bytesMax);
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
    const found = await handle?.stat();
    if (handle === undefined || !found?.isFile() || found.size !== file.size) throw missing(file);
    const piece = new Uint8Array(Math.min(PIECE_BYTES, file.size));
    while (into.haveBytes() < file.size) {
      signal.throwIfAborted();
      const { bytesRead } = await handle.read(piece, 0, piece.length, into.haveBytes());
      if (bytesRead === 0) throw missing(file);
      await into.append(piece.subarray(0, bytesRead));
      progress(into.haveBytes());
    }
  };
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
