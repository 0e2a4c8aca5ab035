import type { Sha256 } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { BlobStore, ByteRange } from "../../ports/blob-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { blobUnknown } from "./read-blob-bytes.ts";

export interface ReadableBlob {
  readonly sizeBytes: number;
  /** Bytes [fromByte, untilByte) of it. @throws RangeError when the range is not inside */
  readonly read: (range: ByteRange) => AsyncIterable<Uint8Array>;
}

export interface ReadBlobPorts {
  readonly blobs: BlobStore;
  readonly releases: ReleaseStore;
}

/** A file of a release, in ranges. */
export class ReadBlob {
  readonly #ports: ReadBlobPorts;

  constructor(ports: ReadBlobPorts) {
    this.#ports = ports;
  }

  /**
   * @param caller none is a device, to which a signed document has named the file
   * @throws NotFoundError BLOB_UNKNOWN, also for a file of no model the caller may see
   */
  async run(digest: Sha256, caller?: Principal): Promise<ReadableBlob> {
    const { blobs } = this.#ports;
    const found = await blobs.stat(digest);
    if (found === undefined || !(await this.#isSeen(digest, caller))) throw blobUnknown(digest);
    const { sizeBytes } = found;
    return { sizeBytes, read: (range) => blobs.read(digest, inside(range, sizeBytes)) };
  }

  async #isSeen(digest: Sha256, caller: Principal | undefined): Promise<boolean> {
    if (caller === undefined) return true;
    const models = await this.#ports.releases.modelsWith(digest);
    return models.some((model) => permits(caller, { action: "release.read", model }));
  }
}

function inside(range: ByteRange, sizeBytes: number): ByteRange {
  const { fromByte, untilByte } = range;
  if (fromByte >= 0 && fromByte <= untilByte && untilByte <= sizeBytes) return range;
  throw new RangeError(
    `expected a range inside [0, ${sizeBytes}), got [${fromByte}, ${untilByte})`,
  );
}
