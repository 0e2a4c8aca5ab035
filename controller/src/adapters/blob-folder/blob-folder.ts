import { mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { controllerLimits, Sha256 } from "@modelfleet/protocol";
import { NotFoundError, StoreError } from "../../domain/errors.ts";
import type { BlobRecovery, BlobStore, ByteRange } from "../../ports/blob-store.ts";
import { FolderUpload, type UploadPlaces } from "./folder-upload.ts";
import { isMissing, storeError } from "./store-error.ts";

/**
 * Blobs as files: `blobs/<sha256>`, read-only, and `partial/` for what is still coming in. Both lie in one folder,
 * so a rename makes a finished file visible in one step.
 */
export async function openBlobFolder(folder: string): Promise<BlobStore> {
  const places = { blobs: join(folder, "blobs"), partial: join(folder, "partial") };
  for (const place of Object.values(places)) await mkdir(place, { recursive: true, mode: 0o700 });
  return {
    begin: () => FolderUpload.begin(places),
    stat: (digest) => statBlob(join(places.blobs, digest)),
    read: (digest, range) => readBlob(places.blobs, digest, range),
    remove: (digest) => removeBlob(join(places.blobs, digest)),
    recover: (referenced) => recover(places, referenced),
  };
}

async function statBlob(path: string): Promise<{ readonly sizeBytes: number } | undefined> {
  try {
    return { sizeBytes: (await stat(path)).size };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw storeError(error, path);
  }
}

async function* readBlob(
  blobs: string,
  digest: Sha256,
  range: ByteRange,
): AsyncGenerator<Uint8Array> {
  await using file = await openBlob(blobs, digest);
  for (let at = range.fromByte; at < range.untilByte; ) {
    const length = Math.min(controllerLimits.blobChunkBytes, range.untilByte - at);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at);
    if (bytesRead === 0) {
      throw new StoreError(
        "STORE_FAILED",
        `blob ${digest}: expected ${range.untilByte} bytes, it ends at ${at}`,
      );
    }
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function openBlob(blobs: string, digest: Sha256) {
  try {
    return await open(join(blobs, digest), "r");
  } catch (error) {
    if (!isMissing(error)) throw storeError(error, blobs);
    throw new NotFoundError("BLOB_UNKNOWN", `expected the digest of a stored file, got ${digest}`, {
      cause: error,
    });
  }
}

async function removeBlob(path: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch (error) {
    throw storeError(error, path);
  }
}

async function recover(
  places: UploadPlaces,
  referenced: ReadonlySet<Sha256>,
): Promise<BlobRecovery> {
  const partial = await readdir(places.partial);
  for (const name of partial) await rm(join(places.partial, name), { force: true });
  const orphans = (await readdir(places.blobs)).filter((name) => isOrphan(name, referenced));
  for (const name of orphans) await rm(join(places.blobs, name), { force: true });
  return { uploadsRemoved: partial.length, blobsRemoved: orphans.length };
}

/** Only what we could have written ourselves: a file of another name is somebody else's. */
function isOrphan(name: string, referenced: ReadonlySet<Sha256>): boolean {
  const digest = Sha256.safeParse(name);
  return digest.success && !referenced.has(digest.data);
}
