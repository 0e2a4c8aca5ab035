import type { Sha256 } from "@modelfleet/protocol";
import { NotFoundError } from "../../domain/errors.ts";
import type { BlobStore } from "../../ports/blob-store.ts";

/** A small file as a whole. @throws NotFoundError BLOB_UNKNOWN @throws RangeError above `bytesMax` */
export async function readBlobBytes(
  blobs: BlobStore,
  digest: Sha256,
  bytesMax: number,
): Promise<Uint8Array> {
  const found = await blobs.stat(digest);
  if (found === undefined) throw blobUnknown(digest);
  if (found.sizeBytes > bytesMax) {
    throw new RangeError(`expected a blob of at most ${bytesMax} bytes, got ${found.sizeBytes}`);
  }
  const range = { fromByte: 0, untilByte: found.sizeBytes };
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.read(digest, range)) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

export function blobUnknown(digest: Sha256): NotFoundError {
  return new NotFoundError(
    "BLOB_UNKNOWN",
    `expected the digest of a file of a release, got ${digest}`,
  );
}
