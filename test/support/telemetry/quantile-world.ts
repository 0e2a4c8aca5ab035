import {
  addToQuantiles,
  type BitSource,
  createQuantiles,
  type QuantileSketch,
  rankTable,
} from "@modelfleet/protocol";
import { seededRandom } from "../random.ts";

/** Sketches of known values, by random bits of one seed. */
export function quantileWorld(seed: number) {
  const random = seededRandom(seed);
  const nextBit: BitSource = () => random.below(2);

  function sketchOf(values: Iterable<number>): QuantileSketch {
    const sketch = createQuantiles();
    for (const value of values) addToQuantiles(sketch, value, nextBit);
    return sketch;
  }

  /** 0 … count − 1: then the number of values at most v is v + 1. */
  function shuffledRanks(count: number): Float32Array {
    return Float32Array.from(random.shuffled(Array.from({ length: count }, (_, i) => i)));
  }

  return { below: random.below, nextBit, sketchOf, shuffledRanks };
}

/** Round the end to the start. */
export function ringPart(order: Float32Array, from: number, size: number): Float32Array {
  const start = from % order.length;
  const tail = order.subarray(start, start + size);
  const part = new Float32Array(size);
  part.set(tail);
  part.set(order.subarray(0, size - tail.length), tail.length);
  return part;
}

/** Of a sketch of 0 … count − 1, over every number there is: at each value held, and just below it. */
export function worstRankError(sketch: QuantileSketch, count: number): number {
  const { values, ranks } = rankTable(sketch);
  let worst = 0;
  let before = 0;
  for (const [i, value] of values.entries()) {
    const rank = ranks[i] ?? 0;
    worst = Math.max(worst, Math.abs(before - value), Math.abs(rank - (value + 1)));
    before = rank;
  }
  return worst / count;
}
