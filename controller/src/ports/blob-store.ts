import type { Sha256 } from "@modelfleet/protocol";

/** Immutable files by their SHA-256. */
export interface BlobStore {
  /** A new upload; it is nowhere to be seen until it is committed. */
  readonly begin: () => Promise<BlobUpload>;
  readonly stat: (digest: Sha256) => Promise<{ readonly sizeBytes: number } | undefined>;
  /**
   * Bytes [fromByte, untilByte) in chunks of at most 64 KiB.
   *
   * @throws NotFoundError BLOB_UNKNOWN
   */
  readonly read: (digest: Sha256, range: ByteRange) => AsyncIterable<Uint8Array>;
  /** Takes a file back that no release refers to; nothing happens when it is not there. */
  readonly remove: (digest: Sha256) => Promise<void>;
  /** At start, before any upload: remove unfinished uploads, and blobs no release refers to. */
  readonly recover: (referenced: ReadonlySet<Sha256>) => Promise<BlobRecovery>;
}

export interface ByteRange {
  readonly fromByte: number;
  readonly untilByte: number;
}

export interface BlobRecovery {
  readonly uploadsRemoved: number;
  readonly blobsRemoved: number;
}

/** One file on its way in: hashed and counted while it is written. */
export interface BlobUpload {
  readonly write: (chunk: Uint8Array) => Promise<void>;
  /** No more bytes; they are on disk, and not yet visible. */
  readonly finish: () => Promise<StagedBlob>;
  /** Remove what was not committed and let go of the file; safe to call at any time, and twice. */
  readonly discard: () => Promise<void>;
}

export interface StagedBlob {
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  /** At most `length` bytes from `offset`; fewer only at the end. Synchronous, for the scan. */
  readonly readAt: (offset: number, length: number) => Uint8Array;
  /** Durable and visible under its digest when resolved. */
  readonly commit: () => Promise<void>;
}
