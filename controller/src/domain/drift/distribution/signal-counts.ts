import type { MergedTelemetry } from "../../telemetry/merged-telemetry.ts";
import type { Signal } from "../signal.ts";

/**
 * What was counted of a signal, in the shape of its reference. Noised counts may be below 0: they are cut off there by
 * whoever has added everything up, for only then has the noise cancelled out.
 *
 * @returns undefined when the windows have no sketch of it
 */
export function signalCounts(
  { kind, index }: Signal,
  merged: MergedTelemetry,
): readonly number[] | undefined {
  switch (kind) {
    case "feature":
      return merged.features[index]?.counts;
    case "category":
      return merged.categories[index]?.counts;
    case "classes":
      return merged.outputs[index]?.classCounts;
    case "confidence":
      return merged.outputs[index]?.confidenceCounts;
  }
}
