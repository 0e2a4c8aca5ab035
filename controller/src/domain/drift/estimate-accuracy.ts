import type { OutputProfile } from "@modelfleet/protocol";

/** How often answers are right, going by their confidence alone. */
export interface EstimatedAccuracy {
  /** 0 … 1. */
  readonly accuracy: number;
  /** The same estimate of the reference's own answers. */
  readonly expected: number;
}

/**
 * Confidence-based performance estimation (CBPE): the reference's share of right answers in each bin of confidence, over
 * the answers that came. It follows a change of what comes in; a change of what is right it cannot see: that takes labels.
 *
 * @param confidenceCounts shape [bins]
 * @returns null without answers, or when the reference has no labels
 * @see Kivimäki et al. 2024, Confidence-based estimators for predictive performance in model monitoring
 */
export function estimateAccuracy(
  { confidence: { accuracy, counts } }: OutputProfile,
  confidenceCounts: readonly number[],
): EstimatedAccuracy | null {
  if (accuracy === undefined) return null;
  const estimated = weighted(accuracy, confidenceCounts);
  const expected = weighted(accuracy, counts);
  if (estimated === null || expected === null) return null;
  return { accuracy: estimated, expected };
}

function weighted(shares: readonly number[], counts: readonly number[]): number | null {
  let [sum, all] = [0, 0];
  for (const [bin, share] of shares.entries()) {
    const count = Math.max(0, counts[bin] ?? 0);
    sum += share * count;
    all += count;
  }
  return all === 0 ? null : sum / all;
}
