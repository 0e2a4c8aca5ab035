import type { SeasonalSlot } from "@modelfleet/protocol";

/** What is watched of a release. All but the first four have no distribution in the profile. */
export type SignalId =
  | DistributionId
  | "errors"
  | "latency"
  | `accuracy:${string}`
  | `quality:${string}`;

/** Signals that have a reference distribution. */
export type DistributionId =
  | `feature:${string}`
  | `category:${string}`
  | `output:${string}:classes`
  | `output:${string}:confidence`;

/** One distribution of a profile, ready to be compared. */
export interface Signal {
  readonly id: DistributionId;
  readonly kind: "feature" | "category" | "classes" | "confidence";
  /** Of the profile's features, categories or outputs. */
  readonly index: number;
  /** Counts as a window has them, with a bin on either side of a feature's bounds; shape [bins]. */
  readonly reference: readonly number[];
  /** Bounds between the inner bins of numbers; none of words and classes. */
  readonly edges: readonly number[];
  /** One a bin, in words for people. */
  readonly labels: readonly string[];
  /** Items below which nothing is said. */
  readonly samplesMin: number;
  /** Calibrated by block bootstrap; null when the profile has none. */
  readonly threshold: CalibratedThreshold | null;
  /** Counts by hour, in the shape of `reference`. */
  readonly seasonal: readonly SeasonalSlot[];
}

/** Above which a window of so many items is unlike the reference's own. */
export interface CalibratedThreshold {
  readonly psi: number;
  readonly windowItems: number;
  /**
   * Expected windows between two false alarms of one cohort, when the threshold was chosen for that: then it decides
   * alone. null: it is one condition among others.
   */
  readonly ertWindows: number | null;
}

const forms = [
  /^(feature|category|accuracy|quality):.+$/s,
  /^output:.+:(classes|confidence)$/s,
  /^(errors|latency)$/,
];

/** Whether a text, say one from a store, names a signal. */
export function isSignalId(text: string): text is SignalId {
  return forms.some((form) => form.test(text));
}
