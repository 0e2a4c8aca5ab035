/** Numbers from 0 (not included) to 1, all 53 bits random; from a cryptographically strong source where it hides something. */
export type UniformSource = () => number;

const DRAW_BYTES = 7;
const DRAWS_AT_ONCE = 128;

/** @param randomBytes from a cryptographically strong source */
export function uniformFrom(randomBytes: (length: number) => Uint8Array): UniformSource {
  let bytes: Uint8Array = new Uint8Array(0);
  let at = 0;
  return () => {
    if (at === bytes.length) {
      bytes = randomBytes(DRAW_BYTES * DRAWS_AT_ONCE);
      at = 0;
    }
    // 5 bits of the first byte: 53 in all.
    let bits = (bytes[at] ?? 0) & 0x1f;
    for (let i = 1; i < DRAW_BYTES; i += 1) bits = bits * 256 + (bytes[at + i] ?? 0);
    // What was used once is used for nothing else, and not left lying about.
    bytes.fill(0, at, at + DRAW_BYTES);
    at += DRAW_BYTES;
    return (bits + 1) / 2 ** 53;
  };
}

/**
 * A whole number k with probability (1 − α) / (1 + α) · α^|k|, α = e^−ε: the difference of two geometric ones. On a count
 * that one item changes by at most 1 it gives ε-differential privacy. Its result is whole, so no rounding of a
 * double shows what it was added to; a tail of 2^-53 is cut off by the source, at `noiseMagnitudeMax`.
 *
 * @see Ghosh, Roughgarden and Sundararajan 2009, Universally utility-maximizing privacy mechanisms
 */
export function discreteLaplace(epsilon: number, uniform: UniformSource): number {
  return geometric(epsilon, uniform) - geometric(epsilon, uniform);
}

function geometric(epsilon: number, uniform: UniformSource): number {
  return Math.floor(-Math.log(uniform()) / epsilon);
}
