import { seededRandom, xoshiro128 } from "../random.ts";

/** Shares are drawn to 16 bits, so that two items cost one random word: windows of a year in a second. */
const STEPS = 2 ** 16;

/** Counts of so many independent items; shape [bins]. */
export type BinSampler = (items: number) => number[];

/** @param shares of the bins; scaled to add up to 1 */
export function binSampler(shares: readonly number[], seed: number): BinSampler {
  const { below } = seededRandom(seed);
  const word = xoshiro128([below(2 ** 32), below(2 ** 32), below(2 ** 32), below(2 ** 32)]);
  const binOfStep = stepsOf(shares);
  const counts = new Uint32Array(shares.length);
  const add = (step: number) => {
    const bin = binOfStep[step] ?? 0;
    counts[bin] = (counts[bin] ?? 0) + 1;
  };
  return (items) => {
    counts.fill(0);
    for (let i = 1; i < items; i += 2) {
      const drawn = word();
      add(drawn & (STEPS - 1));
      add(drawn >>> 16);
    }
    if (items % 2 === 1) add(word() >>> 16);
    return Array.from(counts);
  };
}

/** Equal shares of the inner bins, nothing beyond the reference's bounds; shape [bins + 2]. */
export function evenShares(bins: number): number[] {
  return [0, ...new Array<number>(bins).fill(1 / bins), 0];
}

/** Shares of a normal distribution in the bins of a sketch of these bounds. @param edges with both bounds; rising */
export function normalShares(edges: readonly number[], mean = 0): number[] {
  const below = [...edges.map((edge) => normalBelow(edge - mean)), 1];
  return below.map((share, bin) => share - (below[bin - 1] ?? 0));
}

/** Φ, error below 1.2e-7 (Press et al. 2007, Numerical Recipes, erfc by Chebyshev fit). */
function normalBelow(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.5 * z);
  const fit = [
    0.170_872_77, -0.822_152_23, 1.488_515_87, -1.135_203_98, 0.278_868_07, -0.186_288_06,
    0.096_784_18, 0.374_091_96, 1.000_023_68, -1.265_512_23,
  ].reduce((sum, term) => sum * t + term, 0);
  const tail = (t * Math.exp(-z * z + fit)) / 2;
  return x > 0 ? 1 - tail : tail;
}

function stepsOf(shares: readonly number[]): Uint8Array {
  const all = shares.reduce((sum, share) => sum + share, 0);
  const binOfStep = new Uint8Array(STEPS);
  let reached = 0;
  for (const [bin, share] of shares.entries()) {
    const from = Math.round(reached * STEPS);
    reached += share / all;
    binOfStep.fill(bin, from, Math.round(reached * STEPS));
  }
  return binOfStep;
}
