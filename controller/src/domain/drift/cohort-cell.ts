import type { MergedTelemetry } from "../telemetry/merged-telemetry.ts";

/** What all devices of one cohort measured in one grid cell. */
export interface CohortCell {
  readonly startMs: number;
  readonly merged: MergedTelemetry;
}
