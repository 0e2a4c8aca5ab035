import type { OutputProfile } from "@modelfleet/protocol";
import { ABSENT, type BinnedRows, binOf, countBins } from "./bin-of.ts";
import { confidenceEdges } from "./confidence-edges.ts";
import { isotonicShares } from "./isotonic.ts";

/** What a classifier answered to every row of the reference. */
export interface ClassifiedRows {
  readonly name: string;
  readonly tensor: string;
  /** In the order of the output's values. */
  readonly classes: readonly string[];
  /** Index of the class, or ABSENT; shape [rows]. */
  readonly predicted: Uint8Array;
  /** The class it should have been, or ABSENT; shape [rows]. */
  readonly labels?: Uint8Array | undefined;
  /** The largest value of the item, as a device reads it; NaN where unknown. Shape [rows]. */
  readonly confidence?: Float64Array | undefined;
}

/** An output's reference, and where each row fell. */
export interface OutputReference {
  readonly profile: OutputProfile;
  /** By class. */
  readonly classes: BinnedRows;
  /** By confidence. */
  readonly confidence: BinnedRows;
}

/** As far as a float32 can round the largest of equal shares. */
const ROUNDING = 1e-6;

/** Class counts, confidence and how often it is right. @returns null when no row has an answer */
export function outputReference(rows: ClassifiedRows): OutputReference | null {
  const { name, tensor, classes, predicted, confidence } = rows;
  if (predicted.every((answer) => answer === ABSENT)) return null;
  const edges =
    confidence === undefined ? [] : confidenceEdges(leastOf(confidence, classes.length));
  const confidenceBins = predicted.map((answer, row) =>
    answer === ABSENT
      ? ABSENT
      : binOf(edges, confidence === undefined ? 0 : (confidence[row] ?? 0)),
  );
  const outcome = outcomeOf(rows, confidenceBins, edges.length + 1);
  const profile: OutputProfile = {
    name,
    source: { tensor },
    kind: "classification",
    classes: [...classes],
    counts: countBins(predicted, classes.length),
    confidence: {
      edges: [...edges],
      counts: countBins(confidenceBins, edges.length + 1),
      ...(outcome && { accuracy: outcome.accuracy }),
    },
    ...(outcome && { errorShare: outcome.errorShare }),
  };
  return {
    profile,
    classes: { bins: predicted, size: classes.length },
    confidence: { bins: confidenceBins, size: edges.length + 1 },
  };
}

/**
 * What confidence can be at least: the largest of K shares that add up to 1 is at least 1/K, and bins below it would stay
 * empty (docs/decisions/0012). 0 where the reference shows that its values are no shares.
 */
function leastOf(confidence: Float64Array, classes: number): number {
  const least = 1 / classes;
  const areShares = classes > 1 && !confidence.some((value) => value < least - ROUNDING);
  return areShares ? least : 0;
}

interface Outcome {
  readonly accuracy: number[];
  readonly errorShare: number;
}

/** @returns null when no answer has both a label and a confidence bin */
function outcomeOf(
  { predicted, labels }: ClassifiedRows,
  confidenceBins: Uint8Array,
  size: number,
): Outcome | null {
  if (labels === undefined) return null;
  const judged = predicted.map((answer, row) => {
    const isJudged = answer !== ABSENT && labels[row] !== ABSENT;
    return isJudged ? (confidenceBins[row] ?? ABSENT) : ABSENT;
  });
  const tries = countBins(judged, size);
  const hits = countBins(
    judged.map((bin, row) => (labels[row] === predicted[row] ? bin : ABSENT)),
    size,
  );
  const labelled = sumOf(tries);
  if (labelled === 0) return null;
  const errorShare = (labelled - sumOf(hits)) / labelled;
  return { accuracy: isotonicShares(hits, tries), errorShare };
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
