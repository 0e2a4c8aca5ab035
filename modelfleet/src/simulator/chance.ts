import { createHash } from "node:crypto";

const WORDS = 2 ** 32;
const ROUNDS_MIXED = 4;

/**
 * Chance from a name: the same name draws the same numbers. Each part of a simulation has its own, so that the order in
 * which parts come to draw changes nothing.
 *
 * @see Doty-Humphrey, PractRand: sfc32
 */
export class Chance {
  readonly #state: Uint32Array;

  constructor(name: string) {
    const digest = createHash("sha256").update(name).digest();
    this.#state = Uint32Array.from({ length: 4 }, (_, at) => digest.readUInt32LE(at * 4));
    for (let round = 0; round < ROUNDS_MIXED; round++) this.next();
  }

  /** Uniform in [0, 1). */
  next(): number {
    const state = this.#state;
    const [a = 0, b = 0, c = 0, counter = 0] = state;
    const drawn = (a + b + counter) >>> 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + drawn;
    state[3] = counter + 1;
    return drawn / WORDS;
  }

  /** Uniform between the two. */
  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  /** true with this probability. */
  hits(probability: number): boolean {
    // Drawn in any case: another probability changes nothing else.
    return this.next() < probability;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.next() * 256));
  }
}
