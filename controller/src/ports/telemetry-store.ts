import type { DeviceId } from "@modelfleet/protocol";

/** Windows as devices sent them. Merging happens on the way out, so a duplicate is refused before anything adds up. */
export interface TelemetryStore {
  /** `duplicate` when (device, era, boot, seq) is there already; then nothing is stored. */
  readonly add: (batch: TelemetryBatchRecord) => Promise<"stored" | "duplicate">;
  /** Oldest first, at most `controllerLimits.summaryWindowsMax`. */
  readonly windows: (query: WindowQuery) => Promise<readonly WindowRecord[]>;
  /** Release prefixes that have windows. */
  readonly releasePrefixes: () => Promise<readonly string[]>;
}

export interface TelemetryBatchRecord {
  readonly device: DeviceId;
  readonly era: number;
  readonly boot: number;
  readonly seq: number;
  readonly dropped: number;
  readonly receivedAtMs: number;
  readonly windows: readonly Omit<WindowRecord, "device">[];
}

export interface WindowRecord {
  readonly device: DeviceId;
  readonly slot: string;
  /** First 8 bytes of the release digest, lowercase hex. */
  readonly releasePrefix: string;
  readonly startMs: number;
  readonly durationMs: number;
  /** The protobuf bytes of the window. */
  readonly bytes: Uint8Array;
}

export interface WindowQuery {
  readonly releasePrefix: string;
  readonly device?: DeviceId;
  readonly sinceMs?: number;
  readonly untilMs?: number;
}
