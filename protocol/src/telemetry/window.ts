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
  readonly feedback: readonly FeedbackWindow[];
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
  readonly categories: readonly CategoricalSketch[];
  /** Share of the answered requests that the sketches have seen: above 0, at most 1. */
  readonly sampleRate: number;
  /**
   * null: the counts are exact. Else discrete Laplace noise of this ε lies on every count of every sketch (also `nan`
   * and `missing`), each of which may then be below 0, and none of which adds up to `items`. Noise of many windows
   * cancels out as long as nobody cuts it off at 0 before they are added up.
   */
  readonly epsilon: number | null;
}

/**
 * Labels that came for answers of one release in one slot, by the window of the answers. An increment: what came since
 * the last one that was told, so that all of one window add up.
 */
export interface FeedbackWindow {
  readonly slot: SlotName;
  readonly release: Digest8;
  readonly startMs: number;
  readonly durationMs: number;
  /** Index into the outputs of the release's profile. */
  readonly output: number;
  readonly labelled: number;
  /** Answers of another class than their label. A part of `labelled`. */
  readonly errors: number;
  /** Detectors on the device that signalled a change of the error rate, sorted. */
  readonly drift: readonly FeedbackDetector[];
}

export type FeedbackDetector = "adwin" | "hddm_a";

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
  /** 0 when nothing was counted; null, both, when no value may leave the device: then the sums are of bin means. */
  readonly min: number | null;
  readonly max: number | null;
  /** Of the values in `counts` (`unpackQuantiles`), where the profile asks for them; absent when there are none or none may be told. */
  readonly quantiles?: Uint8Array;
}

/** Distribution of one category. */
export interface CategoricalSketch {
  /** One a word of the vocabulary, then other; shape [vocabulary + 1]. */
  readonly counts: readonly number[];
  /** The item has no such element. */
  readonly missing: number;
  /** Of the values counted as other (`distinctEstimate`); empty when there are none, or none may be told. */
  readonly distinctOther: Uint8Array;
}

/** Answers of a classifier: class = argmax of the item (the first of equals), confidence = its value. */
export interface OutputSketch {
  readonly classCounts: readonly number[];
  /** shape [edges + 1]; adds up to the same as `classCounts`. */
  readonly confidenceCounts: readonly number[];
}
