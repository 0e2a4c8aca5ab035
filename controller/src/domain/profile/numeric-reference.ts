import type { FeatureProfile, FeatureSource } from "@modelfleet/protocol";
import { type BinnedRows, binOf, countBins } from "./bin-of.ts";
import { quantileEdges } from "./quantile-edges.ts";

/** One feature of every row of the reference. */
export interface NumericRows {
  readonly name: string;
  readonly source: FeatureSource;
  /** As a device reads them (`storedNumber`); NaN where there is none. Shape [rows]. */
  readonly values: Float64Array;
  /** Rows without any value; the other NaN were there, and are no numbers. */
  readonly missing: number;
  /** Devices tell its quantiles too. */
  readonly quantiles?: boolean;
}

/** A feature's reference, and where each row fell. */
export interface NumericReference {
  readonly profile: FeatureProfile;
  readonly binned: BinnedRows;
}

/**
 * Edges, counts and moments of one feature.
 *
 * @param binsMax at most so many quantile bins
 * @returns null when no row has a number
 */
export function numericReference(
  { name, source, values, missing, quantiles = false }: NumericRows,
  binsMax: number,
): NumericReference | null {
  const rising = values.filter((value) => !Number.isNaN(value)).sort();
  const [min, max] = [rising[0], rising.at(-1)];
  if (min === undefined || max === undefined) return null;
  const edges = quantileEdges(rising, binsMax);
  const bins = Uint8Array.from(values, (value) => binOf(edges, value));
  const counts = countBins(bins, edges.length + 1);
  const profile = {
    name,
    source,
    edges,
    counts,
    ...momentsOf(rising),
    // −0 would become 0 in the file.
    min: min + 0,
    max: max + 0,
    binMeans: binMeans(rising, counts),
    ...shares({ rows: values.length, missing, nan: values.length - rising.length - missing }),
    ...(quantiles && { quantiles }),
  };
  return { profile, binned: { bins, size: counts.length } };
}

/** Mean, and the standard deviation of the population in a second pass; both scaled, so that squares of 1e38 stay finite. */
function momentsOf(values: Float64Array): { readonly mean: number; readonly sd: number } {
  const mean = meanOf(values);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value - mean)), 0);
  if (scale === 0) return { mean, sd: 0 };
  const squares = values.map((value) => ((value - mean) / scale) ** 2);
  return { mean, sd: scale * Math.sqrt(meanOf(squares)) };
}

/** @see Neumaier 1974, for what rounding loses */
function meanOf(values: Float64Array): number {
  let [sum, lost] = [0, 0];
  for (const value of values) {
    const next = sum + value;
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
    sum = next;
  }
  return (sum + lost) / values.length;
}

/** In rising order the values of a bin lie side by side; no bin is empty. */
function binMeans(rising: Float64Array, counts: readonly number[]): number[] {
  let from = 0;
  return counts.map((count) => {
    const mean = meanOf(rising.subarray(from, from + count));
    from += count;
    return mean;
  });
}

interface Absent {
  readonly rows: number;
  readonly missing: number;
  readonly nan: number;
}

function shares({ rows, missing, nan }: Absent): Pick<FeatureProfile, "missingShare" | "nanShare"> {
  return { missingShare: missing / rows, nanShare: nan / rows };
}
