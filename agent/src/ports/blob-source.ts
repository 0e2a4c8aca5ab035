import type { ReleaseFile, Sha256 } from "@modelfleet/protocol";
import type { PartialBlob } from "./model-store.ts";

/** Where roots, release documents and model files come from. Nothing it gives is believed before its digest is checked. */
export interface BlobSource {
  /**
   * The envelope of a release.
   *
   * @throws DownloadError
   */
  readonly release: (release: Sha256, signal: AbortSignal) => Promise<Uint8Array>;
  /**
   * The envelope of the fleet's root of this version, asked once; undefined when there is none yet.
   *
   * @throws DownloadError
   */
  readonly root: (version: number, signal: AbortSignal) => Promise<Uint8Array | undefined>;
  /**
   * Fill `into` up to exactly `file.size` bytes, resuming where it stands.
   *
   * @throws DownloadError when the source refuses, or gives up after `blobLimits.downloadAttemptsMax` attempts without progress
   */
  readonly fill: (file: ReleaseFile, into: PartialBlob, watch: DownloadWatch) => Promise<void>;
}

export interface DownloadWatch {
  readonly signal: AbortSignal;
  /** Bytes of this file on disk so far. */
  readonly progress: (haveBytes: number) => void;
}
