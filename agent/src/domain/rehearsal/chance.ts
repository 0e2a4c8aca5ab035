/*
 * What differs by chance alone. All bounds here hold for every distribution and every number of samples; they take samples
 * as independent, which the answers of a camera are not: see `answersPerSample`.
 *
 * A release is judged again and again while its answers come, and each look is a chance for a false alarm. So the
 * n-th look may use up only 1 / (n (n + 1)) of what false alarms are allowed: over all n that adds up to one.
 */

/** How often, at most, one rule may end the trial of a release that is as good as the one before it. */
export const falseAlarmMax = 1e-4;

/** What the n-th look may use up. @param look at least 1; may leave numbers out */
export function alarmShare(look: number, alarmMax = falseAlarmMax): number {
  return alarmMax / (look * (look + 1));
}

export interface TwoSamples {
  readonly trial: number;
  readonly before: number;
  /** Chance of being exceeded where both are samples of the same distribution. */
  readonly alarm: number;
}

/**
 * How far two empirical distributions over `bins` bins lie apart, as total variation distance, beyond what the true ones do.
 *
 * The distance is the largest difference of shares over all sets of bins. By Hoeffding's inequality for the difference of two means the
 * share of one set is off by more than t with a chance of at most exp(−2 t² / (1/n + 1/m)); there are fewer than
 * 2^bins sets, and their chances add up at most.
 *
 * @returns above 1 where so few samples can say nothing
 * @see Hoeffding 1963, Probability inequalities for sums of bounded random variables, theorem 2 and (2.6)
 * @see Weissman et al. 2003, Inequalities for the L1 deviation of the empirical distribution: the sum over all sets
 */
export function distanceMargin({ trial, before, alarm }: TwoSamples, bins: number): number {
  const spread = (1 / trial + 1 / before) / 2;
  return Math.sqrt(spread * (bins * Math.LN2 + Math.log(1 / alarm)));
}

/**
 * How much larger the share of the trial's samples above a level may be than the share that the level was drawn at in the
 * samples before it. Half of the alarms are for either side.
 *
 * @see Hoeffding 1963; Massart 1990, The tight constant in the Dvoretzky–Kiefer–Wolfowitz inequality, for the level
 */
export function tailMargin({ trial, before, alarm }: TwoSamples): number {
  return Math.sqrt(Math.log(2 / alarm) / 2) * (1 / Math.sqrt(trial) + 1 / Math.sqrt(before));
}
