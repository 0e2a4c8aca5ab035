import type { EvaluationPolicy } from "../evaluation-policy.ts";
import type { Signal } from "../signal.ts";
import type { DistributionVerdict, Threshold } from "../verdict.ts";

/**
 * From which PSI on a difference of so many items counts. A calibrated threshold only ever raises the default: a shift
 * has to matter, and to be more than the reference does by itself.
 *
 * It was made for windows of one size. Fewer items are noisier in proportion, so it is raised for them. More items do not
 * lower it: what moves the windows of one reference against each other does not average out within one window.
 */
export function thresholdFor(
  { threshold }: Signal,
  sample: { readonly items: number; readonly basis: DistributionVerdict["basis"] },
  { psiWarn, psiAlert }: EvaluationPolicy,
): Threshold {
  const byDefault: Threshold = { warn: psiWarn, alert: psiAlert, source: "default" };
  // A whole day is no window of the calibration; a season and a slow drift of its hours cancel out in it.
  if (threshold === null || sample.basis === "day") return byDefault;
  const psi = threshold.psi * Math.max(1, threshold.windowItems / sample.items);
  if (threshold.ertWindows !== null) return { warn: psi, alert: psi, source: "ERT" };
  if (psi <= psiWarn) return byDefault;
  return { warn: psi, alert: Math.max(psiAlert, psi), source: "calibrated" };
}
