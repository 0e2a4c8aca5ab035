import type { CohortKey } from "./cohort-key.ts";
import type { QualityFinding } from "./quality/quality-finding.ts";
import type { DistributionId, SignalId } from "./signal.ts";

/** WARN and BREACH both count against a signal; BREACH makes the alert a grave one. */
export type VerdictStatus = "INSUFFICIENT_DATA" | "OK" | "WARN" | "BREACH";

/** What one cell says about one signal of one cohort. */
export type Verdict = DistributionVerdict | QualityVerdict | RateVerdict;

interface Judged {
  readonly cohort: CohortKey;
  readonly status: VerdictStatus;
  readonly cellStartMs: number;
  /** What the cells that were merged for it cover. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Items (or requests, or labels) it rests on. */
  readonly items: number;
  /** Measured over what it may be: at least 1 where it is too much by size alone. 0 without enough data. */
  readonly level: number;
  /** It needs no repetition: it already looks at many windows, or its false alarms were paid for. */
  readonly isConclusive: boolean;
}

/** A distribution against its reference. */
export interface DistributionVerdict extends Judged {
  readonly kind: "distribution";
  readonly signal: DistributionId;
  readonly psi: number;
  /** What PSI without any drift stays below with chance 0.999, by the law of χ². */
  readonly gate: number;
  /** χ² of the 2 × bins table; 1 without enough data. */
  readonly pValue: number;
  /** Stands among all tests of the cell (Benjamini and Hochberg). */
  readonly isDiscovery: boolean;
  readonly threshold: Threshold;
  /** The cell's own items, or all of the last 24 hours, where an unknown season cancels out. */
  readonly basis: "window" | "day";
  /** The hour whose reference was taken; null: the reference of all hours. */
  readonly slot: SlotOfDay | null;
  /** Counts, not always whole; same shape. */
  readonly reference: readonly number[];
  readonly current: readonly number[];
}

/** PSI from which a verdict is WARN and BREACH, and what made it so. */
export interface Threshold {
  readonly warn: number;
  readonly alert: number;
  /** Of `warn`. `ERT`: chosen for an expected time between false alarms. */
  readonly source: "calibrated" | "default" | "ERT";
}

/** An hour of the day, UTC. */
export interface SlotOfDay {
  readonly weekend: boolean;
  readonly hour: number;
}

/** Whether what came can be believed at all. */
export interface QualityVerdict extends Judged {
  readonly kind: "quality";
  readonly signal: SignalId;
  /** null: nothing is wrong. */
  readonly finding: QualityFinding | null;
}

/** One number against its bound: errors, latency, accuracy. */
export interface RateVerdict extends Judged {
  readonly kind: "rate";
  readonly signal: SignalId;
  readonly value: number;
  readonly limit: number;
}
