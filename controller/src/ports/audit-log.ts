import type { AuditCheckpointRecord, AuditEvent, AuditPage } from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";

/** The log of changes. What changes the database is written in the change's own transaction, by its store. */
export interface AuditLog {
  /** For what is no change of the database. */
  readonly append: (entry: AuditEntry) => Promise<AuditEvent>;
  /** Whether this has happened to it, ever. */
  readonly has: (action: string, subject: string) => Promise<boolean>;
  /** Entries above `after` and the checkpoints among them, of one moment; at most `count` entries. */
  readonly page: (after: number, count: number) => Promise<AuditPage>;
  /** Entries about one thing above `after`, oldest first, at most `count`; for who follows it as it happens. */
  readonly pageOf: (
    subject: string,
    after: number,
    count: number,
  ) => Promise<readonly AuditEvent[]>;
  readonly newest: () => Promise<AuditEvent | undefined>;
  readonly newestCheckpoint: () => Promise<StoredCheckpoint | undefined>;
  /**
   * Stores a checkpoint that was signed while the newest one was that of entry `beforeSeq`; 0 for none.
   *
   * @returns false when somebody else was faster; then nothing is stored
   */
  readonly addCheckpoint: (checkpoint: StoredCheckpoint, beforeSeq: number) => Promise<boolean>;
}

export interface StoredCheckpoint {
  readonly seq: AuditCheckpointRecord["seq"];
  readonly envelope: Uint8Array;
  readonly atMs: number;
}

/** Things that happen in any number: one entry a minute for each action and reason, with how often. */
export interface AuditTally {
  /** Never waits and never fails. */
  readonly count: (event: TalliedEvent) => void;
}

export interface TalliedEvent {
  /** Like `enrolment.refused`, `message.refused`. */
  readonly action: string;
  /** A stable code; never what a stranger sent. */
  readonly reason: string;
}
