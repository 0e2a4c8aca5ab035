import type { AuditRecord, Sha256, VerifiedRoot } from "@modelfleet/protocol";
import { chainStart } from "./chain-hash.ts";
import type { ChainEnd } from "./link-entry.ts";

/** How a log can be broken. `foreign`: it may be whole, and the root that was given of another fleet. */
export type AuditBreakKind = "changed" | "cut" | "foreign" | "forged" | "removed" | "reordered";

/** The first place where a log is not what was written. */
export interface AuditBreak {
  /** The entry at which it shows. */
  readonly seq: number;
  readonly how: AuditBreakKind;
  readonly detail: string;
}

/** What the reader of a log brings himself. */
export interface AuditProof {
  /** Roots whose online keys sign checkpoints; none: their signatures are not looked at. */
  readonly roots: readonly VerifiedRoot[];
  /** Hashes of entries as an earlier export had them. */
  readonly known: ReadonlyMap<number, Sha256>;
}

/** How far a log has been read, and what was found. */
export interface AuditTrace {
  /** The newest entry that holds. */
  readonly end: ChainEnd;
  readonly checkpoint: { readonly seq: number; readonly sha256: Sha256 } | null;
  readonly events: number;
  readonly checkpoints: number;
  /** Unsettled: what follows may tell more exactly how it came about. */
  readonly found: { readonly broken: AuditBreak; readonly isSettled: boolean } | null;
}

export const emptyTrace: AuditTrace = {
  end: { seq: 0, hash: chainStart },
  checkpoint: null,
  events: 0,
  checkpoints: 0,
  found: null,
};

/** The trace with this break found. */
export function brokenAt(trace: AuditTrace, broken: AuditBreak, isSettled = true): AuditTrace {
  return { ...trace, found: { broken, isSettled } };
}

export type AuditRecordOf<Kind extends AuditRecord["kind"]> = Extract<AuditRecord, { kind: Kind }>;
