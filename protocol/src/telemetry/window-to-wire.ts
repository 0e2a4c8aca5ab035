import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TelemetryWindowSchema } from "./telemetry_pb.ts";
import type { LatencyHistogram, NumericSketch, OutputSketch, TelemetryWindow } from "./window.ts";

/** Wire form of a window. 64-bit numbers are bigint there and nowhere else. */
export function windowToWire(
  window: TelemetryWindow,
): MessageInitShape<typeof TelemetryWindowSchema> {
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
    features: window.features.map(sketchToWire),
    outputs: window.outputs.map(outputToWire),
  };
}

function latencyToWire(latency: LatencyHistogram) {
  const { scale, zeroCount, offset, counts, sumUs } = latency;
  return { scale, zeroCount: BigInt(zeroCount), offset, counts: counts.map(BigInt), sumUs };
}

function sketchToWire(sketch: NumericSketch) {
  const { counts, nan, missing, sum, sumOfSquares, min, max } = sketch;
  return {
    counts: counts.map(BigInt),
    nan: BigInt(nan),
    missing: BigInt(missing),
    sum,
    sumOfSquares,
    min,
    max,
  };
}

function outputToWire(output: OutputSketch) {
  return {
    classCounts: output.classCounts.map(BigInt),
    confidenceCounts: output.confidenceCounts.map(BigInt),
  };
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}
