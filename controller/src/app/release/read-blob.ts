import type { Sha256 } from "@modelfleet/protocol";
import type { BlobStore, ByteRange } from "../../ports/blob-store.ts";
import { blobUnknown } from "./read-blob-bytes.ts";

export interface ReadableBlob {
  readonly sizeBytes: number;
  /** Bytes [fromByte, untilByte) of it. @throws RangeError when the range is not inside */
  readonly read: (range: ByteRange) => AsyncIterable<Uint8Array>;
}

/** A file of a release, in ranges. */
export class ReadBlob {
  readonly #blobs: BlobStore;

  constructor(ports: { readonly blobs: BlobStore }) {
    this.#blobs = ports.blobs;
  }

  /** @throws NotFoundError BLOB_UNKNOWN */
  async run(digest: Sha256): Promise<ReadableBlob> {
    const found = await this.#blobs.stat(digest);
    if (found === undefined) throw blobUnknown(digest);
    const { sizeBytes } = found;
    return { sizeBytes, read: (range) => this.#blobs.read(digest, inside(range, sizeBytes)) };
  }
}

function inside(range: ByteRange, sizeBytes: number): ByteRange {
  const { fromByte, untilByte } = range;
  if (fromByte >= 0 && fromByte <= untilByte && untilByte <= sizeBytes) return range;
  throw new RangeError(
    `expected a range inside [0, ${sizeBytes}), got [${fromByte}, ${untilByte})`,
  );
}
