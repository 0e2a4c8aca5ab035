/** CBPE from 50 bins is within 0.0021 of that from the values themselves (telemetry.md 2.4). */
const CONFIDENCE_BINS = 50;

/** Bounds between bins of equal width from the least that confidence can be up to 1. @returns shape [49], rising */
export function confidenceEdges(from: number): readonly number[] {
  return Array.from(
    { length: CONFIDENCE_BINS - 1 },
    (_, i) => from + ((1 - from) * (i + 1)) / CONFIDENCE_BINS,
  );
}
