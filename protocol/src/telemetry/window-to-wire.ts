import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FeedbackWindowSchema, TelemetryWindowSchema } from "./telemetry_pb.ts";
import type {
  CategoricalSketch,
  FeedbackWindow,
  LatencyHistogram,
  NumericSketch,
  OutputSketch,
  TelemetryWindow,
} from "./window.ts";

/** Wire form of a window. 64-bit numbers are bigint there and nowhere else. */
export function windowToWire(
  window: TelemetryWindow,
): MessageInitShape<typeof TelemetryWindowSchema> {
  const isNoised = window.epsilon !== null;
  return {
    slot: window.slot,
    releaseDigest: bytesOf(window.release),
    profileDigest: bytesOf(window.profile ?? ""),
    startMs: BigInt(window.startMs),
    durationMs: window.durationMs,
    clockSynced: window.clockSynced,
    historical: window.historical,
    requests: BigInt(window.requests),
    errors: window.errors.map(({ code, count }) => ({ code, count: BigInt(count) })),
    latency: latencyToWire(window.latency),
    items: BigInt(window.items),
    features: window.features.map((sketch) => sketchToWire(sketch, isNoised)),
    outputs: window.outputs.map((output) => outputToWire(output, isNoised)),
    categories: window.categories.map((sketch) => categoryToWire(sketch, isNoised)),
    sampleRate: window.sampleRate === 1 ? 0 : window.sampleRate,
    epsilon: window.epsilon ?? 0,
  };
}

/** Wire form of labels that came. */
export function feedbackToWire(
  feedback: FeedbackWindow,
): MessageInitShape<typeof FeedbackWindowSchema> {
  return {
    slot: feedback.slot,
    releaseDigest: bytesOf(feedback.release),
    startMs: BigInt(feedback.startMs),
    durationMs: feedback.durationMs,
    output: feedback.output,
    labelled: BigInt(feedback.labelled),
    errors: BigInt(feedback.errors),
    adwin: feedback.drift.includes("adwin"),
    hddmA: feedback.drift.includes("hddm_a"),
  };
}

function latencyToWire(latency: LatencyHistogram) {
  const { scale, zeroCount, offset, counts, sumUs } = latency;
  return { scale, zeroCount: BigInt(zeroCount), offset, counts: counts.map(BigInt), sumUs };
}

function sketchToWire(sketch: NumericSketch, isNoised: boolean) {
  const { counts, nan, missing, sum, sumOfSquares, min, max, quantiles } = sketch;
  const sums = { sum, sumOfSquares, ...(quantiles === undefined ? {} : { quantiles }) };
  const bounds = min === null || max === null ? { withoutBounds: true } : { min, max };
  if (isNoised) return { ...sums, ...bounds, noised: [...counts, nan, missing].map(BigInt) };
  return {
    ...sums,
    ...bounds,
    counts: counts.map(BigInt),
    nan: BigInt(nan),
    missing: BigInt(missing),
  };
}

function categoryToWire({ counts, missing, distinctOther }: CategoricalSketch, isNoised: boolean) {
  if (isNoised) return { distinctOther, noised: [...counts, missing].map(BigInt) };
  return { distinctOther, counts: counts.map(BigInt), missing: BigInt(missing) };
}

function outputToWire({ classCounts, confidenceCounts }: OutputSketch, isNoised: boolean) {
  const classes = classCounts.map(BigInt);
  const confidences = confidenceCounts.map(BigInt);
  return isNoised
    ? { noisedClassCounts: classes, noisedConfidenceCounts: confidences }
    : { classCounts: classes, confidenceCounts: confidences };
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}
