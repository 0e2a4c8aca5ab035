import {
  digest8,
  type FeatureProfile,
  latencyCount,
  type NumericSketch,
  type OutputProfile,
  type OutputSketch,
  type ReferenceProfile,
  type Sha256,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";

/** Why a window counts for nothing. The detail names the field, what was expected and what came. */
export type WindowVerdict =
  | { readonly kind: "ok" }
  | { readonly kind: "refused"; readonly reason: WindowRefusal; readonly detail: string };

/**
 * TIME: outside of −30 days … +10 minutes. PROFILE: of another reference profile than the release's.
 * BINS: another shape than the profile's. COUNTS: numbers that contradict each other.
 */
export type WindowRefusal = "TIME" | "PROFILE" | "BINS" | "COUNTS";

export interface WindowContext {
  /** Reference profile of the window's release and the `sha256` of its file; null when it has none. */
  readonly profile: { readonly reference: ReferenceProfile; readonly digest: Sha256 } | null;
  readonly receivedAtMs: number;
}

/** Whether a decoded window may be added to others (telemetry.md 2.4). */
export function checkWindow(window: TelemetryWindow, context: WindowContext): WindowVerdict {
  const refusal =
    timeRefusal(window, context.receivedAtMs) ??
    requestsRefusal(window) ??
    profileRefusal(window, context.profile) ??
    sketchesRefusal(window, context.profile?.reference);
  return refusal ?? { kind: "ok" };
}

type Refused = Extract<WindowVerdict, { kind: "refused" }>;

function timeRefusal(window: TelemetryWindow, receivedAtMs: number): Refused | undefined {
  const earliestMs = receivedAtMs - telemetryLimits.windowAgeMsMax;
  const latestMs = receivedAtMs + telemetryLimits.windowAheadMsMax;
  const endMs = window.startMs + window.durationMs;
  if (window.startMs < earliestMs) {
    return refused("TIME", `startMs: expected ${earliestMs} or later, got ${window.startMs}`);
  }
  if (endMs > latestMs) {
    return refused("TIME", `startMs + durationMs: expected at most ${latestMs}, got ${endMs}`);
  }
  return undefined;
}

function requestsRefusal(window: TelemetryWindow): Refused | undefined {
  const failed = total(window.errors.map(({ count }) => count));
  if (failed > window.requests) return counts("errors", `at most ${window.requests}`, failed);
  if (failed === window.requests && window.items > 0) {
    return counts("items", "0 without an answered request", window.items);
  }
  const measured = latencyCount(window.latency);
  if (measured !== window.requests) return counts("latency.counts", window.requests, measured);
  return undefined;
}

function profileRefusal(
  window: TelemetryWindow,
  profile: WindowContext["profile"],
): Refused | undefined {
  if (window.profile === null) {
    return window.items === 0 ? undefined : counts("items", "0 without a profile", window.items);
  }
  const expected = profile === null ? "none" : digest8(profile.digest);
  if (window.profile === expected) return undefined;
  return refused("PROFILE", `profile: expected ${expected}, got ${window.profile}`);
}

function sketchesRefusal(
  window: TelemetryWindow,
  reference: ReferenceProfile | undefined,
): Refused | undefined {
  const features = window.profile === null ? [] : (reference?.features ?? []);
  const outputs = window.profile === null ? [] : (reference?.outputs ?? []);
  return (
    lengthRefusal("features", window.features, features) ??
    lengthRefusal("outputs", window.outputs, outputs) ??
    first(window.features, (sketch, i) =>
      sketchRefusal(sketch, features[i], { items: window.items, place: `features[${i}]` }),
    ) ??
    first(window.outputs, (output, i) =>
      outputRefusal(output, outputs[i], { items: window.items, place: `outputs[${i}]` }),
    )
  );
}

interface Expected {
  readonly items: number;
  readonly place: string;
}

function sketchRefusal(
  sketch: NumericSketch,
  feature: FeatureProfile | undefined,
  { items, place }: Expected,
): Refused | undefined {
  const bins = new Array<number>((feature?.counts.length ?? 0) + 2);
  const wrongBins = lengthRefusal(`${place}.counts`, sketch.counts, bins);
  if (wrongBins !== undefined) return wrongBins;
  const counted = total(sketch.counts);
  const all = counted + sketch.nan + sketch.missing;
  if (all !== items) return counts(`${place}.counts + nan + missing`, items, all);
  if (sketch.min > sketch.max) return counts(`${place}.min`, `at most ${sketch.max}`, sketch.min);
  return sumsRefusal(sketch, counted, place);
}

/** The mean lies between the bounds; half a float32 step and the rounding of a long sum are allowed for. */
function sumsRefusal(sketch: NumericSketch, counted: number, place: string): Refused | undefined {
  const { min, max, sum, sumOfSquares } = sketch;
  const slack = Math.max(Math.abs(min), Math.abs(max)) * 1e-6 + Number.MIN_VALUE;
  const low = counted * (min - slack);
  const high = counted * (max + slack);
  if (sum < low || sum > high) return counts(`${place}.sum`, `${low} to ${high}`, sum);
  const mostSquares = counted * (Math.max(Math.abs(min), Math.abs(max)) + slack) ** 2;
  if (sumOfSquares >= 0 && sumOfSquares <= mostSquares) return undefined;
  return counts(`${place}.sumOfSquares`, `0 to ${mostSquares}`, sumOfSquares);
}

function outputRefusal(
  output: OutputSketch,
  profile: OutputProfile | undefined,
  { items, place }: Expected,
): Refused | undefined {
  const wrongBins =
    lengthRefusal(`${place}.classCounts`, output.classCounts, profile?.counts ?? []) ??
    lengthRefusal(
      `${place}.confidenceCounts`,
      output.confidenceCounts,
      profile?.confidence.counts ?? [],
    );
  if (wrongBins !== undefined) return wrongBins;
  const classes = total(output.classCounts);
  if (classes > items) return counts(`${place}.classCounts`, `at most ${items}`, classes);
  const confidences = total(output.confidenceCounts);
  if (confidences === classes) return undefined;
  return counts(`${place}.confidenceCounts`, classes, confidences);
}

function lengthRefusal(
  name: string,
  got: { readonly length: number },
  expected: { readonly length: number },
): Refused | undefined {
  if (got.length === expected.length) return undefined;
  return refused("BINS", `${name}: expected ${expected.length} entries, got ${got.length}`);
}

function counts(name: string, expected: string | number, got: number): Refused {
  return refused("COUNTS", `${name}: expected ${expected}, got ${got}`);
}

function refused(reason: WindowRefusal, detail: string): Refused {
  return { kind: "refused", reason, detail };
}

function first<Item>(
  items: readonly Item[],
  refusalOf: (item: Item, index: number) => Refused | undefined,
): Refused | undefined {
  for (const [i, item] of items.entries()) {
    const refusal = refusalOf(item, i);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
