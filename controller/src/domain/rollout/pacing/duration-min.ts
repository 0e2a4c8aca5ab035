import { type PlanRate, type RolloutPlan, rolloutLimits } from "@modelfleet/protocol";
import { ratePerMinute } from "./rate-tokens.ts";

/**
 * Time a rollout takes by its rate and its bake times alone: as if every device confirmed the moment it got its order.
 *
 * @param devices how many get an order
 * @returns ms, whole
 */
export function durationMsMin(plan: Pick<RolloutPlan, "rate" | "stages">, devices: number): number {
  const bakeMs = plan.stages.reduce((sum, stage) => sum + stage.bakeMs, 0);
  return bakeMs + (plan.rate === undefined ? 0 : Math.floor(orderMs(plan.rate, devices)));
}

/** A rate that grows is the same between two steps; all orders count as successes at once. */
function orderMs(rate: PlanRate, devices: number): number {
  const minuteMs = rolloutLimits.rateSpanMs;
  if (!("every" in rate)) return (devices * minuteMs) / rate.perMinute;
  const every = "offered" in rate.every ? rate.every.offered : rate.every.succeeded;
  let ms = 0;
  for (let offered = 0; offered < devices; ) {
    const perMinute = ratePerMinute(rate, { offered, succeeded: offered });
    const isGrown = perMinute >= rate.perMinuteMax || rate.factorPercent === 100;
    const count = isGrown ? devices - offered : Math.min(every, devices - offered);
    ms += (count * minuteMs) / perMinute;
    offered += count;
  }
  return ms;
}
