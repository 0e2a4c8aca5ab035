/**
 * Running sums and what rounding has lost of each, in one array of fixed size: sum i stands at 2i, its loss beside it.
 * Numbers in a typed array are changed in place, where fields of an object may be boxed again at every change.
 */
export type CompensatedSums = Float64Array;

/** All zero. @param count how many sums, ≥ 1 */
export function createSums(count: number): CompensatedSums {
  return new Float64Array(2 * count);
}

/** @see Neumaier 1974; the loss of each addition by Knuth's two-sum, which needs no branch */
export function addTo(sums: CompensatedSums, index: number, term: number): void {
  const at = 2 * index;
  const before = sums[at] ?? 0;
  const after = before + term;
  const seen = after - before;
  sums[at] = after;
  sums[at + 1] = (sums[at + 1] ?? 0) + (before - (after - seen)) + (term - seen);
}

/** A sum with what rounding had lost of it. */
export function totalOf(sums: CompensatedSums, index: number): number {
  return (sums[2 * index] ?? 0) + (sums[2 * index + 1] ?? 0);
}
