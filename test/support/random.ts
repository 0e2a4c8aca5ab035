/** Numbers that look random and are the same on every machine for the same seed. */
export type Random = {
  /** The next number, uniform in [0, 1), with 32 bits. */
  readonly next: () => number;
  /** A whole number, uniform in [0, bound). @throws RangeError unless bound is a whole number in 1…2³² */
  readonly below: (bound: number) => number;
  /** Normally distributed, mean 0, standard deviation 1 (Box and Muller 1958). */
  readonly normal: () => number;
  /** A new list with the same members in another order. */
  readonly shuffled: <T>(members: readonly T[]) => T[];
};

/**
 * A generator started from one seed. Not for keys or tokens.
 *
 * @param seed whole number in 0…2³²−1; print it in every random test
 * @throws RangeError when the seed is outside that range
 */
export function seededRandom(seed: number): Random {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffff_ffff) {
    throw new RangeError(`expected a seed that is a whole number in 0…4294967295, got ${seed}`);
  }
  const word = xoshiro128(expandSeed(seed));
  const next = () => word() / 2 ** 32;
  return {
    next,
    below: (bound) => below(next, bound),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    shuffled: (members) => shuffled(next, members),
  };
}

/** The four words of a generator's state; not all zero. */
export type RandomState = readonly [number, number, number, number];

/**
 * xoshiro128**: 32-bit words with a period of 2¹²⁸ − 1.
 *
 * @see Blackman and Vigna 2021, Scrambled Linear Pseudorandom Number Generators
 */
export function xoshiro128(state: RandomState): () => number {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const carried = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= carried;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** Neighbouring seeds must not give neighbouring states, so each word is a mixed step of a Weyl sequence. */
function expandSeed(seed: number): RandomState {
  const mixed = (step: number) => {
    let word = (seed + Math.imul(step, 0x9e37_79b9)) >>> 0;
    word = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2_ae35);
    return (word ^ (word >>> 16)) >>> 0;
  };
  return [mixed(1), mixed(2), mixed(3), mixed(4)];
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function below(next: () => number, bound: number): number {
  if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
    throw new RangeError(`expected a bound that is a whole number in 1…4294967296, got ${bound}`);
  }
  return Math.floor(next() * bound);
}

function shuffled<T>(next: () => number, members: readonly T[]): T[] {
  const order = members.map((member) => ({ member, rank: next() }));
  return order.sort((left, right) => left.rank - right.rank).map(({ member }) => member);
}
