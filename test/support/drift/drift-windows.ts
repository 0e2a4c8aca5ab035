import {
  digest8,
  emptyLatency,
  mainSlot,
  type NumericSketch,
  type ReferenceProfile,
  type Sha256,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import type { Random } from "../random.ts";

/** Deciles of a normal distribution. */
const deciles = [-1.2816, -0.8416, -0.5244, -0.2533, 0, 0.2533, 0.5244, 0.8416, 1.2816];

/** Four numbers of the input `x`, each normal with mean 0 and standard deviation 1. */
export const driftProfile: ReferenceProfile = {
  spec: 1,
  samples: 100_000,
  features: ["brightness", "contrast", "noise", "tilt"].map((name, index) => ({
    name,
    source: { tensor: "x", reduce: "element", index },
    edges: deciles,
    counts: new Array<number>(10).fill(10_000),
    ...{ mean: 0, sd: 1, min: -6, max: 6 },
  })),
  outputs: [],
};

export interface WindowWish {
  readonly release: Sha256;
  readonly profile: Sha256;
  readonly startMs: number;
  readonly durationMs: number;
  readonly items: number;
  /** Of the feature with this index, in standard deviations. */
  readonly shift?: { readonly feature: number; readonly by: number };
}

/** What a device counts of so many normal items. */
export function driftWindow(random: Random, wish: WindowWish): TelemetryWindow {
  const { release, profile, startMs, durationMs, items, shift } = wish;
  return {
    ...{ slot: mainSlot, release: digest8(release), profile: digest8(profile) },
    ...{ startMs, durationMs, clockSynced: true, historical: false },
    ...{ requests: items, errors: [], items, outputs: [], categories: [] },
    ...{ sampleRate: 1, epsilon: null },
    latency: { ...emptyLatency, offset: 60, counts: [items], sumUs: items * 200 },
    features: driftProfile.features.map((_, feature) =>
      sketchOf(random, items, shift?.feature === feature ? shift.by : 0),
    ),
  };
}

function sketchOf(random: Random, items: number, shift: number): NumericSketch {
  const counts = new Array<number>(12).fill(0);
  const values = Array.from({ length: items }, () => Math.fround(random.normal() + shift));
  for (const value of values) {
    // One bin below the reference and one above; nothing of a normal distribution reaches them.
    const bin = 1 + deciles.filter((edge) => value >= edge).length;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return {
    ...{ counts, nan: 0, missing: 0 },
    sum: values.reduce((sum, value) => sum + value, 0),
    sumOfSquares: values.reduce((sum, value) => sum + value * value, 0),
    ...{ min: Math.min(...values), max: Math.max(...values) },
  };
}
