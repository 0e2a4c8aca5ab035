import {
  type DeviceId,
  type FeatureProfile,
  type FeatureSummary,
  latencyCount,
  latencyQuantileUs,
  type OutputProfile,
  type OutputSketch,
  type OutputSummary,
  type QuantileSketch,
  quantilesOf,
  type ReferenceProfile,
  type ReleaseDocument,
  type Sha256,
  type TelemetrySummary,
} from "@modelfleet/protocol";
import { roundedSum } from "./exact-sum.ts";
import type { MergedSketch, MergedTelemetry } from "./merged-telemetry.ts";
import { total } from "./total.ts";

const SHARES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99] as const;

/** Everything measured of one release, added up. */
export interface TelemetryOfRelease {
  readonly release: Sha256;
  readonly document: ReleaseDocument;
  /** null when the release has none: then there are counts and latencies only. */
  readonly profile: ReferenceProfile | null;
  readonly merged: MergedTelemetry;
  /** By the index of the feature (`quantileSum`). */
  readonly quantiles?: readonly (QuantileSketch | undefined)[];
  /** Devices the windows came from. */
  readonly devices: readonly DeviceId[];
  /** false: there are older windows that were not added up. */
  readonly isWhole: boolean;
}

/** What people and gates read: shares against their reference, and quantiles within 4.33 %. */
export function summarizeTelemetry(telemetry: TelemetryOfRelease): TelemetrySummary {
  const { release, document, profile, merged, quantiles = [] } = telemetry;
  return {
    release,
    model: document.model,
    version: document.version,
    devices: [...new Set(telemetry.devices)].sort(),
    windows: merged.windows,
    isWhole: telemetry.isWhole,
    fromMs: merged.fromMs,
    untilMs: merged.untilMs,
    requests: merged.requests,
    items: merged.items,
    errors: Object.fromEntries(merged.errors.map(({ code, count }) => [code, count])),
    latencyUs: latencyOf(merged),
    features: paired(profile?.features, merged.features).map((feature, i) => ({
      ...featureSummary(feature),
      ...quantilesOfFeature(quantiles[i]),
    })),
    outputs: paired(profile?.outputs, merged.outputs).map(outputSummary),
  };
}

function latencyOf({ latency, latencySumUs }: MergedTelemetry): TelemetrySummary["latencyUs"] {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => latencyQuantileUs(latency, q));
  if (typeof p50 !== "number" || typeof p95 !== "number" || typeof p99 !== "number") return null;
  return { p50, p95, p99, mean: roundedSum(latencySumUs) / latencyCount(latency) };
}

/** A profile without any window yet has no sketches; then its reference stands alone. */
function paired<Reference, Sketch>(
  references: readonly Reference[] = [],
  sketches: readonly Sketch[],
): { reference: Reference; sketch: Sketch | undefined }[] {
  return references.map((reference, i) => ({ reference, sketch: sketches[i] }));
}

function featureSummary({
  reference,
  sketch,
}: {
  reference: FeatureProfile;
  sketch: MergedSketch | undefined;
}): FeatureSummary {
  // The reference has nothing outside of its own bounds.
  const referenceCounts = [0, ...reference.counts, 0];
  const counted = total(sketch?.counts ?? []);
  return {
    name: reference.name,
    edges: reference.edges,
    reference: shares(referenceCounts),
    current: shares(sketch?.counts ?? referenceCounts.map(() => 0)),
    mean: sketch === undefined || counted === 0 ? null : roundedSum(sketch.sum) / counted,
    referenceMean: reference.mean,
    missing: sketch?.missing ?? 0,
    nan: sketch?.nan ?? 0,
  };
}

function quantilesOfFeature(sketch: QuantileSketch | undefined): Pick<FeatureSummary, "quantiles"> {
  if (sketch === undefined || sketch.count === 0) return {};
  const [p1 = 0, p5 = 0, p25 = 0, p50 = 0, p75 = 0, p95 = 0, p99 = 0] = quantilesOf(sketch, SHARES);
  return { quantiles: { items: sketch.count, p1, p5, p25, p50, p75, p95, p99 } };
}

function outputSummary({
  reference,
  sketch,
}: {
  reference: OutputProfile;
  sketch: OutputSketch | undefined;
}): OutputSummary {
  const { edges, counts } = reference.confidence;
  return {
    name: reference.name,
    classes: reference.classes,
    reference: shares(reference.counts),
    current: shares(sketch?.classCounts ?? reference.counts.map(() => 0)),
    confidence: {
      edges,
      reference: shares(counts),
      current: shares(sketch?.confidenceCounts ?? counts.map(() => 0)),
    },
  };
}

/** Adds up to 1; all 0 when there is nothing to share. */
function shares(counts: readonly number[]): number[] {
  const sum = total(counts);
  return counts.map((count) => (sum === 0 ? 0 : count / sum));
}
