/**
 * How many answers in a row count as one sample: a camera that shows the same scene for a minute has not seen a thousand of them.
 *
 * Taken is that each answer repeats the one before with some chance ρ, and is drawn anew else: then two neighbours differ
 * with a chance of (1 − ρ)(1 − Σ p²), and a share among n such answers is as uncertain as one among n (1 − ρ) / (1 + ρ).
 *
 * @param sequence bin of each answer, in their order
 * @param bins above each of them
 * @returns (1 + ρ) / (1 − ρ), at least 1; 1 where all are the same, for then nothing shows how long it lasts
 * @see Bayley & Hammersley 1946, The "effective" number of independent observations in an autocorrelated time series
 */
export function answersPerSample(sequence: Uint16Array, bins: number): number {
  const counts = new Float64Array(bins);
  let changes = 0;
  for (let i = 0; i < sequence.length; i++) {
    const bin = sequence[i] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
    if (i > 0 && bin !== sequence[i - 1]) changes += 1;
  }
  if (changes === 0) return 1;
  const alike = counts.reduce((sum, count) => sum + (count / sequence.length) ** 2, 0);
  const renewed = Math.min(1, changes / (sequence.length - 1) / (1 - alike));
  return (2 - renewed) / renewed;
}
