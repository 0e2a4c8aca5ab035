import type { ReleaseDocument, ReleaseFile, Sha256 } from "@modelfleet/protocol";
import type { AgentState } from "../domain/install/agent-state.ts";

/** Everything the device must not lose (store.md). */
export interface ModelStore {
  /** The newest valid state slot; undefined when both are gone or broken. */
  readonly readState: () => Promise<AgentState | undefined>;
  /** Of the two slots the one that had no whole record when they were read, until a commit writes it anew. */
  readonly ruinedSlot: () => string | undefined;
  /** The one commit point: when it resolves, this state survives a power cut. @throws StoreError */
  readonly commit: (state: AgentState) => Promise<void>;
  readonly readDocument: (digest: Sha256) => Promise<Uint8Array | undefined>;
  /** Keep an envelope as received, under the digest of its payload. @throws StoreError */
  readonly keepDocument: (digest: Sha256, envelope: Uint8Array) => Promise<void>;
  /** @throws StoreError; no error when there is none */
  readonly removeDocument: (digest: Sha256) => Promise<void>;
  /** Whether a file of this digest and size is in place. Says nothing about its bytes. */
  readonly holds: (file: ReleaseFile) => Promise<boolean>;
  /**
   * Hash every file of a release again.
   *
   * @returns the path on disk by path in the release; undefined when one is missing or wrong (a wrong one is removed)
   */
  readonly verifyFiles: (
    document: ReleaseDocument,
  ) => Promise<ReadonlyMap<string, string> | undefined>;
  /** Begin or resume a download; what is there is hashed again. @throws StoreError */
  readonly openPartial: (file: ReleaseFile) => Promise<PartialBlob>;
  /** Whether so much more fits beside the reserve. @throws StoreError NO_SPACE when it does not */
  readonly requireSpace: (missingBytes: number) => Promise<void>;
  /** Bytes of these files that earlier downloads have left. */
  readonly partialBytes: (files: readonly ReleaseFile[]) => Promise<number>;
  /** Remove every document and file that none of these releases and documents needs. */
  readonly collect: (keep: KeepList) => Promise<void>;
}

export interface KeepList {
  readonly documents: ReadonlySet<string>;
  readonly blobs: ReadonlySet<string>;
}

/** A download on its way into the store. */
export interface PartialBlob {
  readonly haveBytes: () => number;
  /** @throws StoreError NO_SPACE | STORE_FAILED; RangeError beyond the size of the file */
  readonly append: (bytes: Uint8Array) => Promise<void>;
  /** Forget what is there. */
  readonly restart: () => Promise<void>;
  /** Put the file in its place. @throws StoreError DIGEST when the bytes are not the promised ones; they are removed */
  readonly finish: () => Promise<void>;
  /** Keep what is there for a later resume. */
  readonly close: () => Promise<void>;
}
