/**
 * Total variation distance of two distributions: the share that would have to move to another bin.
 *
 * @param reference share per bin; shape [bins], adds up to 1
 * @param current share per bin; shape [bins], adds up to 1
 * @returns 0 (identical) … 1 (nothing in common)
 * @see Levin and Peres 2017, Markov Chains and Mixing Times, proposition 4.2
 */
export function totalVariation(reference: readonly number[], current: readonly number[]): number {
  const differences = reference.map((share, bin) => Math.abs(share - (current[bin] ?? 0)));
  return differences.reduce((sum, difference) => sum + difference, 0) / 2;
}
