/** What lies on counts that were added up. */
export interface NoiseOnCounts {
  readonly noisedWindows: number;
  /** The least of these windows; null without any. */
  readonly epsilon: number | null;
}

/** Standard deviations of the noise above which a count is not noise alone. */
const FLOOR_SDS = 3;

/**
 * Counts as they are read: none below 0, and where neither what is expected nor what came rises above the noise, what is
 * expected, for such a bin says nothing. To be asked of whole sums only: what is cut off does not cancel out any more.
 *
 * @param reference counts of the same shape
 */
export function withoutNoise(
  counts: readonly number[],
  reference: readonly number[],
  noise: NoiseOnCounts,
): readonly number[] {
  if (noise.epsilon === null || noise.noisedWindows === 0) return counts;
  const floor = FLOOR_SDS * Math.sqrt(noise.noisedWindows * varianceOf(noise.epsilon));
  const items = Math.max(0, sumOf(counts));
  const referenceItems = sumOf(reference);
  return counts.map((count, bin) => {
    const share = referenceItems === 0 ? 0 : (reference[bin] ?? 0) / referenceItems;
    const expected = items * share;
    return expected < floor && count < floor ? expected : Math.max(0, count);
  });
}

/** Of discrete Laplace noise: 2α / (1 − α)², α = e^−ε. */
function varianceOf(epsilon: number): number {
  const alpha = Math.exp(-epsilon);
  return (2 * alpha) / (1 - alpha) ** 2;
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
