import type { QuantileSketch } from "./quantile-sketch.ts";

/** The values a sketch holds, rising, and the rank of each: how many of all values are at most it, about. */
export interface RankTable {
  readonly values: Float32Array;
  /** Rising; the last is the count of the sketch. */
  readonly ranks: Float64Array;
}

export function rankTable({ levels, held }: QuantileSketch): RankTable {
  const entries: { readonly value: number; readonly weight: number }[] = [];
  for (const [i, { values, size }] of levels.entries()) {
    for (const value of values.subarray(0, size)) entries.push({ value, weight: 2 ** i });
  }
  entries.sort((left, right) => left.value - right.value);
  const table = { values: new Float32Array(held), ranks: new Float64Array(held) };
  let rank = 0;
  for (const [at, { value, weight }] of entries.entries()) {
    rank += weight;
    table.values[at] = value;
    table.ranks[at] = rank;
  }
  return table;
}

/**
 * The least value held whose rank reaches each share of the count.
 *
 * @param shares each 0 … 1
 * @returns one a share; none when nothing was taken in
 * @throws RangeError for a share that is none
 */
export function quantilesOf(sketch: QuantileSketch, shares: readonly number[]): readonly number[] {
  const wrong = shares.find((share) => !(share >= 0 && share <= 1));
  if (wrong !== undefined) throw new RangeError(`expected shares of 0 to 1, got ${wrong}`);
  if (sketch.count === 0) return [];
  const { values, ranks } = rankTable(sketch);
  return shares.map((share) => {
    const at = ranks.findIndex((rank) => rank >= share * sketch.count);
    return values.at(at) ?? 0;
  });
}
