/** IEEE 754 binary16 as raw words, for runtimes without `Float16Array`. */

/** The number a 16-bit word stands for. */
export function decodeFloat16(word: number): number {
  const sign = word & 0x8000 ? -1 : 1;
  const exponent = (word >> 10) & 0x1f;
  const fraction = word & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent < 0x1f) return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
}

/** The nearest 16-bit word, ties to even; too large becomes infinity. */
export function encodeFloat16(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  // Halfway between the largest finite number, 65504, and the next one that would have been.
  if (magnitude >= 65_520) return sign | 0x7c00;
  // Below the smallest normal number the spacing stays 2^-24: then the rounded count is the word itself.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const exponent = Math.min(Math.floor(Math.log2(magnitude)), 15);
  const scaled = roundToEven(magnitude * 2 ** (10 - exponent));
  // A fraction rounded up to 2048 carries into the exponent by plain addition.
  return sign | (((exponent + 14) << 10) + scaled);
}

function roundToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  if (rest !== 0.5) return Math.round(value);
  return low % 2 === 0 ? low : low + 1;
}
