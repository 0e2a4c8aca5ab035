/** 2^32 divided by the golden ratio, to the nearest odd number. */
const GOLDEN_STEP = 0x9e37_79b1;

/**
 * Where the n-th of many falls in [0, 1): the multiples of the golden ratio, without their whole part. They fill it evenly, and so
 * does every second of them, every third, and so on: two cameras that take turns both see all of it.
 *
 * @param number whole, from 0
 * @see Knuth, The Art of Computer Programming 3, 6.4, theorem S
 */
export function spread(number: number): number {
  return (Math.imul(number, GOLDEN_STEP) >>> 0) / 2 ** 32;
}

/** One of so many, 0 to `choices` − 1, for the n-th: each as often as any other, for whoever takes turns. */
export function spreadOver(choices: number, number: number): number {
  return Math.floor(spread(number) * choices);
}
