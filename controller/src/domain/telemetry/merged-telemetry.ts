import type { ErrorCount, LatencyBuckets, OutputSketch } from "@modelfleet/protocol";
import type { ExactSum } from "./exact-sum.ts";

/** Windows of one release added up. Merged parts merge again to the very same thing. */
export interface MergedTelemetry {
  readonly windows: number;
  /** Start of the first and end of the last; null without windows. */
  readonly fromMs: number | null;
  readonly untilMs: number | null;
  readonly requests: number;
  readonly items: number;
  /** Sorted by code. */
  readonly errors: readonly ErrorCount[];
  readonly latency: LatencyBuckets;
  readonly latencySumUs: ExactSum;
  readonly features: readonly MergedSketch[];
  readonly outputs: readonly OutputSketch[];
  readonly categories: readonly MergedCategory[];
  /** Of `windows`, those with noise on their counts: then a count may be below 0, and is cut off only when it is read (`withoutNoise`). */
  readonly noisedWindows: number;
  /** The least ε of these; null without any. */
  readonly epsilon: number | null;
}

/** A categorical sketch; its registers are numbers, so that it survives JSON. */
export interface MergedCategory {
  readonly counts: readonly number[];
  readonly missing: number;
  /** Of `distinctEstimate`; empty when nothing is known of what was counted as other. */
  readonly distinctOther: readonly number[];
}

/** A numeric sketch whose sums are exact. */
export interface MergedSketch {
  readonly counts: readonly number[];
  readonly nan: number;
  readonly missing: number;
  readonly sum: ExactSum;
  readonly sumOfSquares: ExactSum;
  /** 0 when nothing was counted; null, both, when any part does not tell. */
  readonly min: number | null;
  readonly max: number | null;
}
