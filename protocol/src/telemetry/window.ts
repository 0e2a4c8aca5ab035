import type { DeviceId, SlotName } from "../units.ts";
import type { Digest8 } from "./digest8.ts";

/**
 * Telemetry as programs see it; `telemetry.proto` is its wire form.
 * Every count is a safe integer. Order in arrays is that of the reference profile; names never travel.
 */
export interface TelemetryBatch {
  readonly device: DeviceId;
  /** Place in the device's outbox: start of the agent, and entry within it. */
  readonly boot: number;
  readonly seq: number;
  /** Entries the outbox dropped since the device enrolled. */
  readonly dropped: number;
  readonly windows: readonly TelemetryWindow[];
}

/** One tumbling window of one release in one slot. Windows of two releases are never mixed. */
export interface TelemetryWindow {
  readonly slot: SlotName;
  readonly release: Digest8;
  /** null: the release has no profile, so the window has neither items nor sketches. */
  readonly profile: Digest8 | null;
  readonly startMs: number;
  readonly durationMs: number;
  /** False when any part of it was measured before the device knew the time. */
  readonly clockSynced: boolean;
  /** Late: it changes the record and pages nobody. */
  readonly historical: boolean;
  readonly requests: number;
  /** Requests without an answer, by code, sorted by code. A part of `requests`. */
  readonly errors: readonly ErrorCount[];
  /** Of every request, also those that failed. */
  readonly latency: LatencyHistogram;
  /** Rows of the answered requests: n of every sketch. */
  readonly items: number;
  readonly features: readonly NumericSketch[];
  readonly outputs: readonly OutputSketch[];
}

/** How often one error code came; it matches `^[A-Z][A-Z0-9_]*$`. */
export interface ErrorCount {
  readonly code: string;
  readonly count: number;
}

/**
 * Base-2 exponential histogram of microseconds: bucket i covers (2^(i/2^scale), 2^((i+1)/2^scale)].
 * `counts[k]` belongs to bucket `offset + k`; the first and the last are not 0.
 *
 * @see OpenTelemetry metrics data model, ExponentialHistogram
 */
export interface LatencyHistogram {
  readonly scale: number;
  readonly zeroCount: number;
  readonly offset: number;
  readonly counts: readonly number[];
  readonly sumUs: number;
}

/** Distribution of one number. Sums and bounds are of the values in `counts` only. */
export interface NumericSketch {
  /** [below the reference minimum, B bins, above the reference maximum]; shape [B + 2]. */
  readonly counts: readonly number[];
  /** Not a number, infinite, or beyond float32. */
  readonly nan: number;
  /** The item has no such element. */
  readonly missing: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  /** 0 when nothing was counted. */
  readonly min: number;
  readonly max: number;
}

/** Answers of a classifier: class = argmax of the item (the first of equals), confidence = its value. */
export interface OutputSketch {
  readonly classCounts: readonly number[];
  /** shape [edges + 1]; adds up to the same as `classCounts`. */
  readonly confidenceCounts: readonly number[];
}
