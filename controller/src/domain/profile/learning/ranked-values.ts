import { type QuantileSketch, rankTable } from "@modelfleet/protocol";

/**
 * Values evenly spaced by rank: the middle of each of so many equal parts of what a sketch has seen.
 *
 * @param countMax at most so many; all values there are, when there are fewer
 * @returns rising
 */
export function rankedValues(sketch: QuantileSketch, countMax: number): Float64Array {
  const count = Math.min(sketch.count, countMax);
  const { values, ranks } = rankTable(sketch);
  const ranked = new Float64Array(count);
  let at = 0;
  for (let part = 0; part < count; part += 1) {
    const rank = ((part + 0.5) / count) * sketch.count;
    while (at < values.length - 1 && (ranks[at] ?? 0) < rank) at += 1;
    ranked[part] = values[at] ?? 0;
  }
  return ranked;
}
