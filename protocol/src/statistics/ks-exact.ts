/** The exact law takes a step for each pair of values: about a tenth of a second at this many. */
export const KS_EXACT_PAIRS_MAX = 25_000_000;

/**
 * Exact chance that two samples of one continuous distribution have a gap of at least `statistic`: the share of all
 * orders of the n + m values, seen as lattice paths from (0, 0) to (n, m), that somewhere leave |i/n − j/m| < D.
 *
 * @param statistic gap D, a whole multiple of 1/(n·m)
 * @param n values of the one sample
 * @param m values of the other
 * @returns 0 … 1; accurate to about 1e-12, absolutely
 * @throws RangeError when n·m is above `KS_EXACT_PAIRS_MAX`
 * @see Hodges 1957, The significance probability of the Smirnov two-sample test; SciPy `ks_2samp(method="exact")`
 */
export function ksExactSurvival(statistic: number, n: number, m: number): number {
  if (n * m > KS_EXACT_PAIRS_MAX)
    throw new RangeError(`expected at most ${KS_EXACT_PAIRS_MAX} pairs of values, got ${n * m}`);
  const inside = Math.ceil(statistic * n * m - 0.5); // |i·m − j·n| below this stays within.
  const kept = firstRow(inside, n, m);
  for (let i = 1; i <= n; i++) advanceRow(kept, i, { inside, n, m });
  return Math.min(1, Math.max(0, 1 - (kept[m] ?? 0)));
}

/** Share of the paths to (0, j) that stayed within; shape [m + 1]. */
function firstRow(inside: number, n: number, m: number): Float64Array {
  return Float64Array.from({ length: m + 1 }, (_, j) => (j * n < inside ? 1 : 0));
}

interface Lattice {
  readonly inside: number;
  readonly n: number;
  readonly m: number;
}

/** From the shares at (i − 1, ·) to those at (i, ·): of the paths to (i, j), i/(i + j) come from (i − 1, j). */
function advanceRow(kept: Float64Array, i: number, { inside, n, m }: Lattice): void {
  let left = 0;
  for (let j = 0; j <= m; j++) {
    const isWithin = Math.abs(i * m - j * n) < inside;
    left = isWithin ? ((kept[j] ?? 0) * i + left * j) / (i + j) : 0;
    kept[j] = left;
  }
}
