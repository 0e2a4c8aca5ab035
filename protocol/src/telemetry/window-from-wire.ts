import { telemetryLimits } from "../limits.ts";
import { SlotName } from "../units.ts";
import type { Digest8 } from "./digest8.ts";
import { latencyBounds, latencyRangeUs } from "./latency-histogram.ts";
import type {
  LatencyHistogram as WireLatency,
  OutputSketch as WireOutput,
  NumericSketch as WireSketch,
  TelemetryWindow as WireWindow,
} from "./telemetry_pb.ts";
import type {
  ErrorCount,
  LatencyHistogram,
  NumericSketch,
  OutputSketch,
  TelemetryWindow,
} from "./window.ts";
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
  const release = digestOf(wire.releaseDigest, place, "releaseDigest");
  if (release === null) throw refused(field("releaseDigest"), "8 bytes", "none");
  if (profile === null) checkWithoutProfile(wire, place);
  return {
    slot: slotOf(wire.slot, place),
    release,
    profile,
    startMs: countOf(wire.startMs, Number.MAX_SAFE_INTEGER, field("startMs")),
    durationMs: durationOf(wire.durationMs, place),
    clockSynced: wire.clockSynced,
    historical: wire.historical,
    requests: countOf(wire.requests, REQUESTS_MAX, field("requests")),
    errors: errorsOf(wire, place),
    latency: latencyOf(wire.latency, `${place}.latency`),
    items: countOf(wire.items, ITEMS_MAX, field("items")),
    features: wire.features.map((sketch, i) => sketchOf(sketch, `${place}.features[${i}]`)),
    outputs: wire.outputs.map((output, i) => outputOf(output, `${place}.outputs[${i}]`)),
  };
}

function digestOf(bytes: Uint8Array, place: string, name: string): Digest8 | null {
  if (bytes.length === 0) return null;
  if (bytes.length !== 8) throw refused({ place, name }, "8 bytes", bytes.length);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") as Digest8;
}

function checkWithoutProfile(wire: WireWindow, place: string): void {
  const sketches = wire.features.length + wire.outputs.length;
  if (sketches === 0) return;
  throw refused({ place, name: "features" }, "none without a profile", sketches);
}

function slotOf(text: string, place: string): SlotName {
  const slot = SlotName.safeParse(text);
  if (slot.success) return slot.data;
  throw refused({ place, name: "slot" }, "a slot name", `${text.length} characters`);
}

function durationOf(durationMs: number, place: string): number {
  const max = telemetryLimits.windowMsMax;
  if (durationMs <= max) return durationMs;
  throw refused({ place, name: "durationMs" }, `at most ${max}`, durationMs);
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

function sketchOf(wire: WireSketch, place: string): NumericSketch {
  const limit = { length: telemetryLimits.binsMax + 2, each: ITEMS_MAX };
  return {
    counts: countsOf(wire.counts, limit, { place, name: "counts" }),
    nan: countOf(wire.nan, ITEMS_MAX, { place, name: "nan" }),
    missing: countOf(wire.missing, ITEMS_MAX, { place, name: "missing" }),
    sum: finiteOf(wire.sum, { place, name: "sum" }),
    sumOfSquares: finiteOf(wire.sumOfSquares, { place, name: "sumOfSquares" }),
    min: finiteOf(wire.min, { place, name: "min" }),
    max: finiteOf(wire.max, { place, name: "max" }),
  };
}

function outputOf(wire: WireOutput, place: string): OutputSketch {
  const classes = { length: telemetryLimits.classesMax, each: ITEMS_MAX };
  const bins = { length: telemetryLimits.binsMax, each: ITEMS_MAX };
  return {
    classCounts: countsOf(wire.classCounts, classes, { place, name: "classCounts" }),
    confidenceCounts: countsOf(wire.confidenceCounts, bins, { place, name: "confidenceCounts" }),
  };
}
