import { type PlanRate, rolloutLimits } from "@modelfleet/protocol";

/** Counts of stored executions; nothing is remembered, so a restart neither grants nor forgets anything. */
export interface RateFacts {
  /** Orders of this rollout so far, retries too, reverts not. */
  readonly offered: number;
  readonly succeeded: number;
  /** Orders given after `nowMs - rolloutLimits.rateSpanMs`, and after `nowMs - rolloutLimits.rateShareMs`. */
  readonly offeredInMinute: number;
  readonly offeredInShare: number;
}

/**
 * How many orders may be given now. In no minute, wherever it begins, there are more than the rate says; what was not used
 * is not saved up, so nothing catches up faster than the rate after a break.
 *
 * @returns whole number, ≥ 0
 */
export function rateTokens(rate: PlanRate | undefined, facts: RateFacts): number {
  if (rate === undefined) return rolloutLimits.inFlightMax;
  const { rateSpanMs, rateShareMs } = rolloutLimits;
  const perMinute = ratePerMinute(rate, facts);
  const perShare = Math.ceil((perMinute * rateShareMs) / rateSpanMs);
  const left = Math.min(perMinute - facts.offeredInMinute, perShare - facts.offeredInShare);
  return Math.max(0, left);
}

/** Orders a minute at this moment; of a growing rate each step is rounded up, so that it does grow. */
export function ratePerMinute(
  rate: PlanRate,
  { offered, succeeded }: Pick<RateFacts, "offered" | "succeeded">,
): number {
  if (!("every" in rate)) return rate.perMinute;
  const steps =
    "offered" in rate.every
      ? Math.floor(offered / rate.every.offered)
      : Math.floor(succeeded / rate.every.succeeded);
  let perMinute = rate.perMinute;
  for (let step = 0; step < steps; step += 1) {
    const grown = Math.min(rate.perMinuteMax, grownRate(perMinute, rate.factorPercent));
    if (grown === perMinute) break;
    perMinute = grown;
  }
  return perMinute;
}

/** One step of a growing rate. */
export function grownRate(perMinute: number, factorPercent: number): number {
  return Math.ceil((perMinute * factorPercent) / 100);
}
