import * as z from "zod";
import { DeviceId, ModelName, ReleaseVersion, Sha256, UnixMs } from "../units.ts";

const Shares = z.array(z.number());

/** Values a feature stays at or below in that share of the items; the rank of each is within 1.33 % of all. */
export const FeatureQuantiles = z.object({
  items: z.int(),
  p1: z.number(),
  p5: z.number(),
  p25: z.number(),
  p50: z.number(),
  p75: z.number(),
  p95: z.number(),
  p99: z.number(),
});
export type FeatureQuantiles = z.infer<typeof FeatureQuantiles>;

/** Reference against current shares of one numeric feature; bins include below-minimum (first) and above-maximum (last). */
export const FeatureSummary = z.object({
  name: z.string(),
  edges: z.array(z.number()),
  reference: Shares,
  current: Shares,
  mean: z.number().nullable(),
  referenceMean: z.number(),
  missing: z.int(),
  nan: z.int(),
  /** Where the profile asks for them and any window has them; `items` counts those windows only. */
  quantiles: FeatureQuantiles.optional(),
});
export type FeatureSummary = z.infer<typeof FeatureSummary>;

/** Reference against current shares of one classifying output, and of the confidence in its answers. */
export const OutputSummary = z.object({
  name: z.string(),
  classes: z.array(z.string()),
  reference: Shares,
  current: Shares,
  confidence: z.object({ edges: z.array(z.number()), reference: Shares, current: Shares }),
});
export type OutputSummary = z.infer<typeof OutputSummary>;

/** Windows of one release merged over the devices and the time asked for. */
export const TelemetrySummary = z.object({
  release: Sha256,
  model: ModelName,
  version: ReleaseVersion,
  devices: z.array(DeviceId),
  windows: z.int(),
  /** False: there are older windows in the time asked for, more than one answer adds up. */
  isWhole: z.boolean(),
  fromMs: UnixMs.nullable(),
  untilMs: UnixMs.nullable(),
  requests: z.int(),
  /** What distributions were counted over: rows, of which a request may bring many. */
  items: z.int(),
  errors: z.record(z.string(), z.int()),
  /** Microseconds, estimated from the merged exponential histogram; null without requests. */
  latencyUs: z
    .object({ p50: z.number(), p95: z.number(), p99: z.number(), mean: z.number() })
    .nullable(),
  features: z.array(FeatureSummary),
  outputs: z.array(OutputSummary),
});
export type TelemetrySummary = z.infer<typeof TelemetrySummary>;

/** `GET /v1/telemetry?model=&version=&device=&sinceMs=&untilMs=`. */
export const TelemetryAnswer = z.object({ summaries: z.array(TelemetrySummary) });
export type TelemetryAnswer = z.infer<typeof TelemetryAnswer>;
