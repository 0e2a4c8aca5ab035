import type { MergedTelemetry } from "../../telemetry/merged-telemetry.ts";

/** What one cohort measured in one cell. */
export interface LearnedCell {
  readonly merged: MergedTelemetry;
  /** Of each feature, values evenly spaced by rank; none where no quantiles came. */
  readonly ranked: readonly (Float64Array | undefined)[];
}
