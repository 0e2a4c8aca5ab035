/**
 * Which of many tests stand when the share of false ones among them is to stay below `q` on average: with the p-values
 * in rising order, all up to the last p(k) <= k·q/m.
 *
 * @param pValues one a test, 0 … 1, in any order
 * @param q false discovery rate, 0 < q < 1
 * @returns one a test, in the order given; true where the test stands
 * @throws RangeError when a p-value or q is out of range
 * @see Benjamini and Hochberg 1995; SciPy `false_discovery_control(ps) <= q`
 */
export function benjaminiHochberg(pValues: ArrayLike<number>, q: number): boolean[] {
  if (!(q > 0 && q < 1)) throw new RangeError(`expected 0 < q < 1, got ${q}`);
  const limit = limitOf(Float64Array.from(pValues, checked).sort(), q);
  return Array.from(pValues, (p) => p <= limit);
}

/** The largest p-value that stands; below 0 when none does. */
function limitOf(rising: Float64Array, q: number): number {
  for (let rank = rising.length; rank > 0; rank--) {
    const p = rising[rank - 1] ?? 1;
    if (p <= (rank * q) / rising.length) return p;
  }
  return -1;
}

function checked(p: number): number {
  if (p >= 0 && p <= 1) return p;
  throw new RangeError(`expected p-values of 0 … 1, got ${p}`);
}
