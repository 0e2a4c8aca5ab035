import type { DeviceId, Digest8 } from "@modelfleet/protocol";

/** Windows as devices sent them. Merging happens on the way out, so a duplicate is refused before anything adds up. */
export interface TelemetryStore {
  /** `duplicate` when (device, era, boot, seq) is there already; then nothing is stored. */
  readonly add: (batch: TelemetryBatchRecord) => Promise<"stored" | "duplicate">;
  /** Newest first, at most so many, of those older than `before`; null: from the newest on. */
  readonly windows: (
    query: WindowQuery,
    count: number,
    before: WindowPlace | null,
  ) => Promise<readonly ReadWindow[]>;
  /**
   * Removes at most so many batches, oldest first, that were received before a moment.
   *
   * @returns how many; fewer than asked when there are no more
   */
  readonly forget: (receivedBeforeMs: number, batchesMax: number) => Promise<number>;
  /** Devices of whose batches some never came, those with most first. What a device says it dropped is among them. */
  readonly gaps: (devicesMax: number) => Promise<readonly TelemetryGap[]>;
  /** What is in quarantine, the newest first, at most so many kinds. */
  readonly quarantine: (kindsMax: number) => Promise<readonly QuarantineCount[]>;
  /** Published releases that windows are in quarantine of because nobody had published them, at most so many. */
  readonly releasesToReadmit: (countMax: number) => Promise<readonly Digest8[]>;
  /** Windows in quarantine because nobody had published their release, the longest there first. */
  readonly quarantined: (
    releasePrefix: Digest8,
    count: number,
  ) => Promise<readonly QuarantinedPart[]>;
  /** In one commit. @returns what became of those that were still in quarantine */
  readonly readmit: (parts: readonly Readmission[]) => Promise<readonly Readmission["kind"][]>;
  /** Release prefixes that have windows. */
  readonly releasePrefixes: () => Promise<readonly Digest8[]>;
}

export interface TelemetryBatchRecord {
  readonly device: DeviceId;
  readonly era: number;
  readonly boot: number;
  readonly seq: number;
  readonly dropped: number;
  readonly receivedAtMs: number;
  readonly windows: readonly StoredWindow[];
  readonly labels?: readonly StoredLabels[];
  /** Kept apart, neither believed nor lost. */
  readonly quarantined?: readonly QuarantinedWindow[];
}

export interface StoredWindow extends Omit<WindowRecord, "device"> {
  /** Where it is judged; nowhere when it is left out. */
  readonly cell?: DriftCell;
}

/** A cell of the grid that windows are judged in. */
export interface DriftCell {
  readonly startMs: number;
  readonly lengthMs: number;
  /** It came before the cell was due. */
  readonly isOnTime: boolean;
}

/** Labels that came for the answers of one window, and the cell in which they came. */
export interface StoredLabels {
  readonly slot: string;
  readonly releasePrefix: Digest8;
  readonly startMs: number;
  readonly durationMs: number;
  /** Index into the outputs of the release's profile. */
  readonly output: number;
  readonly labelled: number;
  readonly errors: number;
  readonly detectors: readonly string[];
  readonly cell: DriftCell;
}

/** A window that there is nothing to hold against: of a release nobody has published, or of another profile. */
export interface QuarantinedWindow {
  readonly reason: QuarantineReason;
  readonly releasePrefix: Digest8;
  readonly profilePrefix: Digest8 | null;
  readonly bytes: Uint8Array;
}

/** A part of a batch. */
export interface PartPlace {
  readonly device: DeviceId;
  readonly era: number;
  readonly boot: number;
  readonly seq: number;
  readonly position: number;
}

export interface QuarantinedPart {
  readonly place: PartPlace;
  readonly receivedAtMs: number;
  readonly bytes: Uint8Array;
}

/** What becomes of a window whose release has been published: stored, in quarantine for another reason, or gone. */
export type Readmission =
  | { readonly kind: "readmitted"; readonly place: PartPlace; readonly window: StoredWindow }
  | { readonly kind: "apart"; readonly place: PartPlace; readonly reason: QuarantineReason }
  | { readonly kind: "refused"; readonly place: PartPlace };

export type QuarantineReason = "RELEASE" | "PROFILE";

/** Quarantined windows of one reason, release and profile. */
export interface QuarantineCount {
  readonly reason: QuarantineReason;
  readonly releasePrefix: Digest8;
  readonly profilePrefix: Digest8 | null;
  readonly windows: number;
  readonly devices: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

export interface WindowRecord {
  readonly device: DeviceId;
  readonly slot: string;
  /** First 8 bytes of the release digest, lowercase hex. */
  readonly releasePrefix: Digest8;
  readonly startMs: number;
  readonly durationMs: number;
  /** The protobuf bytes of the window. */
  readonly bytes: Uint8Array;
}

export interface ReadWindow extends WindowRecord {
  readonly place: WindowPlace;
}

/** Where a window stands among those of its release. */
export interface WindowPlace extends PartPlace {
  readonly startMs: number;
}

/** How many batches of a device are missing between those that came, and before them. */
export interface TelemetryGap {
  readonly device: DeviceId;
  readonly missing: number;
}

export interface WindowQuery {
  readonly releasePrefix: Digest8;
  readonly device?: DeviceId | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}
