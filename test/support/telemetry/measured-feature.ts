import type { FeatureProfile } from "@modelfleet/protocol";
import { binOf } from "../../../controller/src/domain/profile/bin-of.ts";
import { numericReference } from "../../../controller/src/domain/profile/numeric-reference.ts";
import type { Random } from "../random.ts";

/** A reference made of values, and what turns other values into the counts of a window. */
export interface MeasuredFeature {
  readonly profile: FeatureProfile;
  /** Bin of each value of the reference as a window has it, outer bins and all; shape [values]. */
  readonly rows: Uint8Array;
  /** Counts of so many values; shape [bins + 2]. */
  readonly count: (items: number, value: () => number) => number[];
}

/** @param bins quantile bins */
export function measuredFeature(name: string, values: Float64Array, bins = 20): MeasuredFeature {
  const source = { tensor: "x", reduce: "element" as const };
  const made = numericReference({ name, source, values, missing: 0 }, bins);
  if (made === null) throw new RangeError("expected values");
  const { profile } = made;
  const place = (value: number) => {
    if (value < profile.min) return 0;
    return value > profile.max ? profile.counts.length + 1 : 1 + binOf(profile.edges, value);
  };
  return {
    profile,
    rows: Uint8Array.from(values, place),
    count: (items, value) => {
      const counts = new Array<number>(profile.counts.length + 2).fill(0);
      for (let i = 0; i < items; i++) {
        const bin = place(value());
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      return counts;
    },
  };
}

/** x(t) = φ·x(t−1) + noise, mean 0 and standard deviation 1. @param normal draws the noise */
export function autoregression(normal: () => number, phi: number): () => number {
  let x = normal();
  const sd = Math.sqrt(1 - phi * phi);
  return () => {
    x = phi * x + sd * normal();
    return x;
  };
}

const QUANTILES = 2 ** 16;

/** Normally distributed numbers out of 65,536 of them in a table: for tens of millions. */
export function tabledNormal({ normal, next }: Random): () => number {
  const table = Float64Array.from({ length: QUANTILES }, normal);
  return () => table[Math.floor(next() * QUANTILES)] ?? 0;
}
