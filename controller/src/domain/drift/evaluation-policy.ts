import { driftLimits, telemetryLimits } from "@modelfleet/protocol";

/** How the controller judges; the operator's, where the profile's thresholds are the publisher's. */
export interface EvaluationPolicy {
  /** Length of a grid cell: windows that start in it are judged together. */
  readonly cellMs: number;
  /** PSI from which a shift is worth a look, and from which it is an alarm. */
  readonly psiWarn: number;
  readonly psiAlert: number;
  /** Share of failed requests that is too much, and answers slower than this that are. null: not watched. */
  readonly errorShareMax: number | null;
  readonly latencyUsMax: number | null;
}

/** What holds until somebody says otherwise. */
export const evaluationDefaults: EvaluationPolicy = {
  cellMs: telemetryLimits.windowMsDefault,
  psiWarn: driftLimits.psiWarn,
  psiAlert: driftLimits.psiAlert,
  errorShareMax: driftLimits.errorShareMax,
  latencyUsMax: null,
};
