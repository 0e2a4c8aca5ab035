import { driftLimits, type FeatureProfile } from "@modelfleet/protocol";
import { roundedSum } from "../../telemetry/exact-sum.ts";
import type { MergedSketch } from "../../telemetry/merged-telemetry.ts";
import type { QualityFinding } from "./quality-finding.ts";
import { isSignificantlyAbove } from "./significant-share.ts";

/** What is wrong with a feature's values, and how near they are to it. */
export interface FaultSearch {
  readonly items: number;
  readonly finding: QualityFinding | null;
  /** The largest share over its bound. */
  readonly level: number;
}

const FACTORS = [10, 100, 1_000, 0.1, 0.01, 0.001];
/** Of a spread that is taken for the reference's own times a factor. */
const SPREAD_RATIO = [0.8, 1.25] as const;

/** @param isExact false where noise lies on the counts: then nothing can be read out of the sums */
export function findFault(
  feature: FeatureProfile,
  sketch: MergedSketch,
  isExact: boolean,
): FaultSearch {
  const figures = figuresOf(feature, sketch);
  const { items, counted, absentShare, expectedAbsent, outsideShare } = figures;
  const level = Math.max(
    (absentShare - expectedAbsent) / driftLimits.missingShareMax,
    outsideShare / driftLimits.outOfRangeShareMax,
  );
  const search = (finding: QualityFinding | null) => ({
    items,
    finding,
    level: finding === null ? Math.max(0, level) : Math.max(1, level),
  });
  if (
    absentShare - expectedAbsent >= driftLimits.missingShareMax &&
    isSignificantlyAbove(absentShare, expectedAbsent, items)
  ) {
    return search({ fault: "MISSING", share: absentShare, expectedShare: expectedAbsent });
  }
  if (counted < driftLimits.qualitySamplesMin) return search(null);
  if (isExact && isConstant(feature, sketch))
    return search({ fault: "CONSTANT", value: sketch.min });
  const factor = isExact ? factorOf(feature, sketch, counted) : undefined;
  if (factor !== undefined) return search({ fault: "UNIT", factor });
  const isOutside =
    outsideShare >= driftLimits.outOfRangeShareMax &&
    isSignificantlyAbove(outsideShare, 0, counted);
  return search(isOutside ? { fault: "OUT_OF_RANGE", share: outsideShare } : null);
}

interface Figures {
  readonly items: number;
  /** Those with a number. */
  readonly counted: number;
  readonly absentShare: number;
  readonly expectedAbsent: number;
  readonly outsideShare: number;
}

function figuresOf(feature: FeatureProfile, { counts, nan, missing }: MergedSketch): Figures {
  const counted = counts.reduce((sum, count) => sum + Math.max(0, count), 0);
  const absent = Math.max(0, nan) + Math.max(0, missing);
  const outside = Math.max(0, counts[0] ?? 0) + Math.max(0, counts.at(-1) ?? 0);
  const items = counted + absent;
  return {
    ...{ items, counted },
    absentShare: items === 0 ? 0 : absent / items,
    expectedAbsent: (feature.missingShare ?? 0) + (feature.nanShare ?? 0),
    outsideShare: counted === 0 ? 0 : outside / counted,
  };
}

/** Where bounds may not be told, all being in one bin, which has less than half of the reference, says as much. */
function isConstant({ sd, counts: reference }: FeatureProfile, sketch: MergedSketch): boolean {
  const { min, max, counts } = sketch;
  if (sd === 0) return false;
  if (min !== null && max !== null) return min === max;
  const bin = counts.findIndex((count) => count > 0);
  if (counts.some((count, other) => other !== bin && count > 0)) return false;
  const all = reference.reduce((sum, count) => sum + count, 0);
  return (reference[bin - 1] ?? 0) < all / 2;
}

/** The power of ten by which both mean and spread are those of the reference. */
function factorOf(
  { mean, sd }: FeatureProfile,
  sketch: MergedSketch,
  counted: number,
): number | undefined {
  // Sums of what stands for a bin tell nothing of values beyond the reference's bounds.
  if (sd === 0 || sketch.min === null) return undefined;
  const meanNow = roundedSum(sketch.sum) / counted;
  const sdNow = Math.sqrt(Math.max(0, roundedSum(sketch.sumOfSquares) / counted - meanNow ** 2));
  const [least, most] = SPREAD_RATIO;
  return FACTORS.find((factor) => {
    const spread = sdNow / (sd * factor);
    const isShifted = Math.abs(meanNow - mean * factor) > sd * factor;
    return spread >= least && spread <= most && !isShifted;
  });
}
