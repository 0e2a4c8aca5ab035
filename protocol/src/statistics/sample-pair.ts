import type { ComparisonStatus, Numbers } from "./count-pair.ts";

/** Two samples in rising order, without what is not a number. */
export interface SamplePair {
  readonly reference: Float64Array;
  readonly current: Float64Array;
  readonly status: ComparisonStatus;
}

/**
 * Two samples that may be compared; NaN counts as absent, ±∞ as the least and the greatest value.
 *
 * @param reference values; shape [any]
 * @param current values; shape [any]
 */
export function samplePair(reference: Numbers, current: Numbers): SamplePair {
  const sorted = { reference: rising(reference), current: rising(current) };
  return { ...sorted, status: statusOf(sorted.reference, sorted.current) };
}

/**
 * Whether two samples can be compared: `EMPTY_…` when a side has no number at all (NaN is none), `CONSTANT` when all
 * values of both are one and the same.
 */
export function sampleStatus(reference: Numbers, current: Numbers): ComparisonStatus {
  return samplePair(reference, current).status;
}

function statusOf(reference: Float64Array, current: Float64Array): ComparisonStatus {
  const [first, last] = [reference[0], reference.at(-1)];
  if (first === undefined) return "EMPTY_REFERENCE";
  if (current.length === 0) return "EMPTY_CURRENT";
  const isConstant = first === last && current[0] === first && current.at(-1) === first;
  return isConstant ? "CONSTANT" : "OK";
}

/** Sorting puts every NaN last. */
function rising(values: Numbers): Float64Array {
  const sorted = new Float64Array(values).sort();
  let numbers = sorted.length;
  while (numbers > 0 && Number.isNaN(sorted[numbers - 1])) numbers--;
  return sorted.subarray(0, numbers);
}
