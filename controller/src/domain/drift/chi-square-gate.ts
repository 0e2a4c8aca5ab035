import { chiSquareQuantile, driftLimits } from "@modelfleet/protocol";

const quantiles = new Map<number, number>();

/**
 * What N·M/(N + M)·PSI without drift stays below with chance `driftLimits.gateQuantile`.
 *
 * @see Yurdakul 2018, Statistical properties of population stability index
 */
export function chiSquareGate(degreesOfFreedom: number): number {
  const known = quantiles.get(degreesOfFreedom);
  if (known !== undefined) return known;
  const quantile = chiSquareQuantile(driftLimits.gateQuantile, degreesOfFreedom);
  quantiles.set(degreesOfFreedom, quantile);
  return quantile;
}
