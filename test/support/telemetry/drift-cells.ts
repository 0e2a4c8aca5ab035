import type { FeatureProfile, OutputProfile, ReferenceProfile } from "@modelfleet/protocol";
import type { CohortCell } from "../../../controller/src/domain/drift/cohort-cell.ts";
import { exactSum } from "../../../controller/src/domain/telemetry/exact-sum.ts";
import { mergeWindows } from "../../../controller/src/domain/telemetry/merge-windows.ts";
import type { MergedTelemetry } from "../../../controller/src/domain/telemetry/merged-telemetry.ts";

export const cellMs = 900_000;

/** A profile of features alone. */
export function profileOf(
  features: readonly FeatureProfile[],
  rest: Partial<ReferenceProfile> = {},
): ReferenceProfile {
  return { spec: 1, samples: 100_000, features: [...features], outputs: [], ...rest };
}

/** A feature with these counts in its bins; it takes no part in what its numbers mean. */
export function featureOf(name: string, counts: readonly number[]): FeatureProfile {
  const edges = Array.from({ length: counts.length - 1 }, (_, i) => i + 1);
  const source = { tensor: "x", reduce: "element" as const };
  const moments = { mean: counts.length / 2, sd: 1, min: 0, max: counts.length };
  return { name, source, edges, counts: [...counts], ...moments };
}

/** The same number in every bin: what quantile bins are. */
export function evenFeature(name: string, bins = 20, items = 100_000): FeatureProfile {
  return featureOf(name, new Array<number>(bins).fill(items / bins));
}

export function outputOf(confidence: OutputProfile["confidence"]): OutputProfile {
  const source = { tensor: "y" };
  return {
    ...{ name: "answer", source, kind: "classification", classes: ["no", "yes"] },
    ...{ counts: [50_000, 50_000], confidence },
  };
}

/** What was counted in one cell: of each feature its inner bins, or those with one more on either side. */
export function cellOf(
  startMs: number,
  features: readonly (readonly number[])[],
  rest: Partial<MergedTelemetry> = {},
): CohortCell {
  const items = features[0]?.reduce((sum, count) => sum + count, 0) ?? 0;
  const merged: MergedTelemetry = {
    ...mergeWindows([]),
    windows: 1,
    items,
    requests: items,
    features: features.map((counts) => ({
      counts,
      ...{ nan: 0, missing: 0, sum: exactSum([]), sumOfSquares: exactSum([]), min: 0, max: 1 },
    })),
    ...rest,
  };
  return { startMs, merged };
}
