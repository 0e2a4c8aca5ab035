/**
 * A sum of doubles without any rounding: the doubles it is the sum of, each the best approximation of what
 * the ones before it leave. One value has one form, so sums are equal exactly when their forms are,
 * whatever the order and grouping of the terms.
 *
 * @see Shewchuk 1997, Adaptive Precision Floating-Point Arithmetic
 */
export type ExactSum = readonly number[];

// A double spans 2,098 bits and each term of the form takes at least 53 of them.
const TERMS_MAX = 40;

/** @param terms finite, and small enough that their sum is */
export function exactSum(terms: Iterable<number>): ExactSum {
  let rest: readonly number[] = [];
  for (const term of terms) rest = grown(rest, term);
  const form: number[] = [];
  while (rest.length > 0) {
    if (form.length === TERMS_MAX) throw new RangeError("expected finite terms of an exact sum");
    const next = rounded(rest);
    form.push(next);
    rest = grown(rest, -next);
  }
  return form;
}

/** The double nearest to the sum. */
export function roundedSum(sum: ExactSum): number {
  return sum[0] ?? 0;
}

/** Adds a term to parts that do not overlap, smallest first; keeps them so. */
function grown(parts: readonly number[], term: number): readonly number[] {
  const next: number[] = [];
  let carry = term;
  for (const part of parts) {
    const total = carry + part;
    const error = errorOf(carry, part, total);
    if (error !== 0) next.push(error);
    carry = total;
  }
  if (carry !== 0) next.push(carry);
  return next;
}

/** What `total`, the rounded sum of two, lost; exact (Knuth's two-sum). */
function errorOf(a: number, b: number, total: number): number {
  const bSeen = total - a;
  return a - (total - bSeen) + (b - bSeen);
}

/** The double nearest to the sum of parts that do not overlap, smallest first; ties to even. */
function rounded(parts: readonly number[]): number {
  let sum = 0;
  let lost = 0;
  let i = parts.length;
  while (i > 0 && lost === 0) {
    const part = parts[--i] ?? 0;
    const total = sum + part;
    lost = errorOf(sum, part, total);
    sum = total;
  }
  // Exactly half a step was lost and more follows in the same direction: the tie was none.
  const further = sum + 2 * lost;
  const wasTie = lost !== 0 && further - sum === 2 * lost;
  return wasTie && Math.sign(parts[i - 1] ?? 0) === Math.sign(lost) ? further : sum;
}
