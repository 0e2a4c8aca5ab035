import { telemetryLimits } from "../limits.ts";
import { latencyBounds, latencyRangeUs } from "./latency-histogram.ts";
import { categoryOf, outputOf, sketchOf } from "./sketches-from-wire.ts";
import type {
  LatencyHistogram as WireLatency,
  TelemetryWindow as WireWindow,
} from "./telemetry_pb.ts";
import type { ErrorCount, LatencyHistogram, TelemetryWindow } from "./window.ts";
import { digestOf, durationOf, releaseOf, slotOf } from "./window-identity.ts";
import { checkLength, countOf, countsOf, finiteOf, refused } from "./wire-check.ts";

const REQUESTS_MAX = telemetryLimits.requestsPerWindowMax;
const ITEMS_MAX = telemetryLimits.itemsPerWindowMax;

/**
 * A window of known content from one of known shape (`checkShape`).
 *
 * @param place where it stands in the batch, for messages
 * @throws FormatError naming the field
 */
export function windowFromWire(wire: WireWindow, place: string): TelemetryWindow {
  const field = (name: string) => ({ place, name });
  const profile = digestOf(wire.profileDigest, place, "profileDigest");
  if (profile === null) checkWithoutProfile(wire, place);
  return {
    slot: slotOf(wire.slot, place),
    release: releaseOf(wire.releaseDigest, place),
    profile,
    startMs: countOf(wire.startMs, Number.MAX_SAFE_INTEGER, field("startMs")),
    durationMs: durationOf(wire.durationMs, place),
    clockSynced: wire.clockSynced,
    historical: wire.historical,
    requests: countOf(wire.requests, REQUESTS_MAX, field("requests")),
    errors: errorsOf(wire, place),
    latency: latencyOf(wire.latency, `${place}.latency`),
    items: countOf(wire.items, ITEMS_MAX, field("items")),
    ...sketchesOf(wire, place),
  };
}

function sketchesOf(wire: WireWindow, place: string) {
  const epsilon = epsilonOf(wire.epsilon, place);
  const isNoised = epsilon !== null;
  return {
    features: wire.features.map((each, i) => sketchOf(each, `${place}.features[${i}]`, isNoised)),
    outputs: wire.outputs.map((each, i) => outputOf(each, `${place}.outputs[${i}]`, isNoised)),
    categories: wire.categories.map((each, i) =>
      categoryOf(each, `${place}.categories[${i}]`, isNoised),
    ),
    sampleRate: sampleRateOf(wire.sampleRate, place),
    epsilon,
  };
}

function epsilonOf(epsilon: number, place: string): number | null {
  const { epsilonMax } = telemetryLimits;
  if (epsilon === 0) return null;
  if (epsilon > 0 && epsilon <= epsilonMax) return epsilon;
  throw refused({ place, name: "epsilon" }, `above 0 and at most ${epsilonMax}`, epsilon);
}

function sampleRateOf(share: number, place: string): number {
  if (share === 0) return 1;
  // 1 has one form only, so that equal windows are equal bytes.
  if (share > 0 && share < 1) return share;
  throw refused({ place, name: "sampleRate" }, "above 0 and below 1, or none", share);
}

function checkWithoutProfile(wire: WireWindow, place: string): void {
  const sketches = wire.features.length + wire.outputs.length + wire.categories.length;
  if (sketches === 0) return;
  throw refused({ place, name: "features" }, "none without a profile", sketches);
}

function errorsOf(wire: WireWindow, place: string): readonly ErrorCount[] {
  return wire.errors.map(({ code, count }, i) => {
    const at = { place: `${place}.errors[${i}]`, name: "code" };
    if (!/^[A-Z][A-Z0-9_]*$/.test(code)) throw refused(at, "a code like TIMEOUT", "another form");
    checkLength(code, telemetryLimits.errorCodeLengthMax, at);
    const before = wire.errors[i - 1]?.code;
    if (before !== undefined && before >= code) throw refused(at, "rising codes", "another order");
    return { code, count: countOf(count, REQUESTS_MAX, { ...at, name: "count" }) };
  });
}

function latencyOf(wire: WireLatency | undefined, place: string): LatencyHistogram {
  if (wire === undefined) throw refused({ place, name: "counts" }, "a histogram", "none");
  const counts = countsOf(
    wire.counts,
    { length: telemetryLimits.latencyBucketsMax, each: REQUESTS_MAX },
    { place, name: "counts" },
  );
  checkBuckets(wire, place);
  const sumUs = finiteOf(wire.sumUs, { place, name: "sumUs" });
  if (sumUs < 0) throw refused({ place, name: "sumUs" }, "0 or more", sumUs);
  return {
    scale: wire.scale,
    zeroCount: countOf(wire.zeroCount, REQUESTS_MAX, { place, name: "zeroCount" }),
    offset: wire.offset,
    counts,
    sumUs,
  };
}

/** A bucket far outside of all latencies would drag every merge down to its scale. */
function checkBuckets({ scale, offset, counts }: WireLatency, place: string): void {
  const { latencyScaleMin: low, latencyScaleMax: high } = telemetryLimits;
  if (scale < low || scale > high) {
    throw refused({ place, name: "scale" }, `${low} to ${high}`, scale);
  }
  if (counts.length === 0) return;
  const [, lowest] = latencyBounds(offset, scale);
  const [highest] = latencyBounds(offset + counts.length - 1, scale);
  if (lowest >= latencyRangeUs.min && highest < latencyRangeUs.max) return;
  throw refused({ place, name: "offset" }, "buckets between 1 ns and 12 days", offset);
}
