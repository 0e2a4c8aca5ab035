/**
 * A value a detector may be given; anything that is no number would stay in its state for ever.
 *
 * @throws RangeError unless it is a finite number
 */
export function finiteValue(value: number | boolean): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new RangeError(`expected a finite number, got ${value}`);
  return number;
}

/**
 * An outcome a detector of errors may be given: 1 or true for an error, 0 or false for a right answer.
 *
 * @throws RangeError on anything else
 */
export function errorValue(value: number | boolean): 0 | 1 {
  const number = Number(value);
  if (number === 0 || number === 1) return number;
  throw new RangeError(`expected 0 or 1, got ${value}`);
}

/**
 * A confidence or share, strictly between 0 and 1.
 *
 * @throws RangeError otherwise
 */
export function openShare(name: string, value: number): number {
  if (value > 0 && value < 1) return value;
  throw new RangeError(`expected 0 < ${name} < 1, got ${value}`);
}
