import type {
  Approval,
  Digest8,
  ModelName,
  ReleaseDocument,
  ReleaseVersion,
  Sha256,
} from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";

/** Signed releases. The envelope is kept as the bytes that were signed. */
export interface ReleaseStore {
  /** @returns undefined when it was stored; else the release that held this (model, version) before */
  readonly add: (release: ReleaseRecord, audit: AuditEntry) => Promise<ReleaseRecord | undefined>;
  /** @returns false when its approval is no longer `from`; then nothing has changed */
  readonly approve: (
    release: Sha256,
    change: ApprovalChange,
    audit: AuditEntry,
  ) => Promise<boolean>;
  readonly byDigest: (release: Sha256) => Promise<ReleaseRecord | undefined>;
  readonly byVersion: (
    model: ModelName,
    version: ReleaseVersion,
  ) => Promise<ReleaseRecord | undefined>;
  /** The release whose digest begins so; undefined when there is none, or more than one. */
  readonly byDigest8: (short: Digest8) => Promise<ReleaseRecord | undefined>;
  /** Oldest first. */
  readonly list: (model?: ModelName) => Promise<readonly ReleaseRecord[]>;
  /** Models that have a release with this file, each once. */
  readonly modelsWith: (blob: Sha256) => Promise<readonly ModelName[]>;
  /** Digests of every file of every release. */
  readonly blobs: () => Promise<ReadonlySet<Sha256>>;
}

export interface ApprovalChange {
  readonly from: Approval;
  readonly to: Approval;
}

export interface ReleaseRecord {
  /** SHA-256 of the payload bytes. */
  readonly release: Sha256;
  readonly document: ReleaseDocument;
  readonly envelope: Uint8Array;
  readonly publishedAtMs: number;
  readonly approval: Approval;
}
