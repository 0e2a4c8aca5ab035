import * as z from "zod";
import { driftPipelineLimits } from "../drift-limits.ts";
import { Counter, DeviceId, ModelName, ReleaseVersion, Sha256, UnixMs } from "../units.ts";

/** WARN and BREACH both count against a signal; below enough items nothing is said. */
export const DriftStatus = z.enum(["INSUFFICIENT_DATA", "OK", "WARN", "BREACH"]);
export type DriftStatus = z.infer<typeof DriftStatus>;

/** `fleet`, `class=cam-v2`, `site=hall-3`; of a label named `class`: `label:class=x`. */
export const CohortName = z.string().min(1).max(driftPipelineLimits.cohortLengthMax);
/** `feature:brightness`, `category:shift`, `output:digit:confidence`, `quality:brightness`, `errors` … */
export const SignalName = z.string().min(1).max(driftPipelineLimits.signalLengthMax);

const Shares = z.array(z.number());

const judged = {
  cohort: CohortName,
  signal: SignalName,
  status: DriftStatus,
  /** Start of the cell of the grid; and what was merged for it, where it had too little alone. */
  cellStartMs: UnixMs,
  fromMs: UnixMs,
  untilMs: UnixMs,
  /** Items (requests, labels) it rests on. */
  items: z.number().min(0),
  /** Measured over what it may be: 1 is the threshold. */
  level: z.number(),
};

/** A distribution against its reference. */
export const DistributionVerdict = z.object({
  kind: z.literal("distribution"),
  ...judged,
  psi: z.number(),
  /** PSI that chance alone stays below with probability 0.999, by the law of χ². */
  gate: z.number(),
  /** Of the χ² test of the two rows of counts. */
  pValue: z.number(),
  /** Stands among all tests of the cell (Benjamini and Hochberg). */
  isDiscovery: z.boolean(),
  /** `calibrated`: from the profile, by block bootstrap; `ERT`: for an expected time between false alarms. */
  threshold: z.object({
    warn: z.number(),
    alert: z.number(),
    source: z.enum(["calibrated", "default", "ERT"]),
  }),
  /** The cell, or the 24 hours that end with it. */
  basis: z.enum(["window", "day"]),
  /** The hour, UTC, whose reference was taken; null: the reference of all hours. */
  slot: z.object({ weekend: z.boolean(), hour: Counter }).nullable(),
  /** What each bin holds, in words; and the bounds between those that have any. */
  bins: z.array(z.string()),
  edges: z.array(z.number()),
  reference: Shares,
  current: Shares,
});
export type DistributionVerdict = z.infer<typeof DistributionVerdict>;

/** What is wrong with the values themselves. */
export const QualityFinding = z.discriminatedUnion("fault", [
  z.object({ fault: z.literal("MISSING"), share: z.number(), expectedShare: z.number() }),
  z.object({ fault: z.literal("CONSTANT"), value: z.number().nullable() }),
  z.object({ fault: z.literal("UNIT"), factor: z.number() }),
  z.object({ fault: z.literal("OUT_OF_RANGE"), share: z.number() }),
]);
export type QualityFinding = z.infer<typeof QualityFinding>;

/** Whether what came can be believed; it silences the drift of its feature. */
export const QualityVerdict = z.object({
  kind: z.literal("quality"),
  ...judged,
  /** null: nothing is wrong. */
  finding: QualityFinding.nullable(),
});
export type QualityVerdict = z.infer<typeof QualityVerdict>;

/** One number against its bound: errors, latency, accuracy by labels. */
export const RateVerdict = z.object({
  kind: z.literal("rate"),
  ...judged,
  value: z.number(),
  limit: z.number(),
});
export type RateVerdict = z.infer<typeof RateVerdict>;

export const DriftVerdict = z.discriminatedUnion("kind", [
  DistributionVerdict,
  QualityVerdict,
  RateVerdict,
]);
export type DriftVerdict = z.infer<typeof DriftVerdict>;

/** Who has moved most, and how much of the fleet's own drift that is. */
export const DriftCulprit = z.object({
  cohort: CohortName,
  signal: SignalName,
  psi: z.number(),
  /** Share of the fleet's PSI that goes away without the cohort; null where that says nothing. */
  shareOfFleet: z.number().nullable(),
});
export type DriftCulprit = z.infer<typeof DriftCulprit>;

/** Accuracy estimated from confidence alone (CBPE). Blind to a world in which the same input means something else. */
export const AccuracyEstimate = z.object({
  output: z.string(),
  accuracy: z.number(),
  /** The same estimate on the reference's own answers. */
  expected: z.number(),
});
export type AccuracyEstimate = z.infer<typeof AccuracyEstimate>;

export const CohortDrift = z.object({
  cohort: CohortName,
  devices: Counter,
  /** Start of the newest cell that was judged. */
  cellStartMs: UnixMs,
  /** Too few devices or items to be shown under a release with strict privacy. */
  hidden: z.boolean(),
  verdicts: z.array(DriftVerdict),
  estimates: z.array(AccuracyEstimate),
});
export type CohortDrift = z.infer<typeof CohortDrift>;

/** One release of the model that has telemetry; or, where none has, the newest one that nothing can be held against. */
export const ReleaseDrift = z.object({
  release: Sha256,
  version: ReleaseVersion,
  /** False: it has no reference profile, so that nothing can be judged. */
  hasProfile: z.boolean(),
  /** Devices measure what a reference can be learnt from; until there is one nothing is judged. */
  isLearning: z.boolean(),
  /** Learned on the way and not confirmed by anybody: it pages nobody. */
  isProvisional: z.boolean(),
  /** Of the 95th percentile, as the release says (`drift.latencyMsMax`); null: latency is not judged. */
  latencyMsMax: z.number().nullable(),
  cohorts: z.array(CohortDrift),
  /** Strongest first. */
  culprits: z.array(DriftCulprit),
});
export type ReleaseDrift = z.infer<typeof ReleaseDrift>;

/**
 * `GET /v1/models/{model}/drift?version=&cohort=&sinceMs=`: the newest verdict on each signal of each cohort, of those
 * judged since then; without `sinceMs` in the day before the newest cell.
 */
export const DriftAnswer = z.object({ model: ModelName, releases: z.array(ReleaseDrift) });
export type DriftAnswer = z.infer<typeof DriftAnswer>;

export const DriftQuery = z.strictObject({
  version: ReleaseVersion.optional(),
  cohort: CohortName.optional(),
  sinceMs: z.coerce.number<string>().int().min(0).optional(),
});
export type DriftQuery = z.infer<typeof DriftQuery>;

/** Windows that nothing could be held against, of one reason, release and profile. */
export const QuarantinedKind = z.object({
  reason: z.enum(["RELEASE", "PROFILE"]),
  /** First 8 bytes of the digests, as the window names them. */
  release: z.string(),
  profile: z.string().nullable(),
  /** The release is there: windows that are here for want of it are taken back, as late ones, within a minute. */
  isPublished: z.boolean(),
  windows: Counter,
  devices: Counter,
  firstAtMs: UnixMs,
  lastAtMs: UnixMs,
});
export type QuarantinedKind = z.infer<typeof QuarantinedKind>;

/** `GET /v1/quarantine`: kept for 14 days, newest first. */
export const QuarantineAnswer = z.object({ quarantined: z.array(QuarantinedKind) });
export type QuarantineAnswer = z.infer<typeof QuarantineAnswer>;

/** A device unlike its peers in the same cell. */
export const OutlierDevice = z.object({ device: DeviceId, psi: z.number(), items: z.number() });
export type OutlierDevice = z.infer<typeof OutlierDevice>;
