/** A running sum and what rounding has lost of it. Changed in place: the hot path allocates nothing. */
export interface CompensatedSum {
  value: number;
  lost: number;
}

/** @see Neumaier 1974; unlike Kahan's own it also survives a term larger than the sum */
export function addTo(sum: CompensatedSum, term: number): void {
  const total = sum.value + term;
  sum.lost +=
    Math.abs(sum.value) >= Math.abs(term) ? sum.value - total + term : term - total + sum.value;
  sum.value = total;
}

export function totalOf(sum: CompensatedSum): number {
  return sum.value + sum.lost;
}

export function clearSum(sum: CompensatedSum): void {
  sum.value = 0;
  sum.lost = 0;
}
