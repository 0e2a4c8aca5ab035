interface Pool {
  readonly bins: number;
  readonly hits: number;
  readonly tries: number;
}

/**
 * The rising shares nearest to those counted, each bin weighted by its tries: neighbours that fall are pooled. A bin
 * without tries takes the share of the bin before it, or of the first that has any.
 *
 * @param hits one a bin, each at most its tries; shape [bins]
 * @param tries one a bin, not all 0; shape [bins]
 * @returns 0 … 1, never falling; shape [bins]
 * @throws RangeError when nothing was tried
 * @see Ayer et al. 1955, the pool-adjacent-violators algorithm; scikit-learn `IsotonicRegression`
 */
export function isotonicShares(hits: readonly number[], tries: readonly number[]): number[] {
  const pools: Pool[] = [];
  for (const [bin, count] of tries.entries()) {
    let pool: Pool = { bins: 1, hits: hits[bin] ?? 0, tries: count };
    for (let last = pools.at(-1); last !== undefined && !isAbove(pool, last); last = pools.at(-1)) {
      pools.pop();
      pool = joined(last, pool);
    }
    pools.push(pool);
  }
  const shares = pools.flatMap((pool) => new Array<number>(pool.bins).fill(shareOf(pool)));
  if (shares.some(Number.isNaN)) throw new RangeError("expected at least one bin with tries");
  return shares;
}

/** Whether a pool may stay apart from the one before it; one without tries never may. */
function isAbove(pool: Pool, before: Pool): boolean {
  return pool.hits * before.tries > before.hits * pool.tries;
}

function joined(left: Pool, right: Pool): Pool {
  return {
    bins: left.bins + right.bins,
    hits: left.hits + right.hits,
    tries: left.tries + right.tries,
  };
}

function shareOf({ hits, tries }: Pool): number {
  return hits / tries;
}
