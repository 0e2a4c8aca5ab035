import { chooseOffers, type OfferRequest } from "./pacing/choose-offers.ts";
import { boxedUntilMs } from "./pacing/penalty-box.ts";
import { type RateFacts, ratePerMinute } from "./pacing/rate-tokens.ts";
import type { RolloutRecord } from "./rollout.ts";

/** What holds the order of one device back, with the figures that prove it. */
export type OfferHold =
  | { readonly by: "BACKOFF"; readonly untilMs: number }
  | { readonly by: "BOXED"; readonly untilMs: number; readonly failures: number }
  | {
      readonly by: "BUDGET";
      readonly groupBy: string;
      readonly group: string;
      readonly devices: number;
      readonly unavailable: number;
      readonly unavailableMax: number | undefined;
      readonly availableMin: number | undefined;
    }
  | { readonly by: "IN_FLIGHT"; readonly inFlight: number; readonly inFlightMax: number }
  | { readonly by: "RATE"; readonly perMinute: number };

export interface HoldQuestion {
  /** As for an offer, with this device as the only candidate. */
  readonly offer: OfferRequest;
  readonly plan: RolloutRecord["plan"];
  /** undefined: the plan has no rate. */
  readonly facts: RateFacts | undefined;
  /** Moments of the device's failures, over all rollouts. */
  readonly failures: readonly number[];
}

/** By the very rules that give orders (`chooseOffers`), asked about one device alone. @returns null: nothing of its own */
export function offerHold({ offer, plan, facts, failures }: HoldQuestion): OfferHold | null {
  const [candidate] = offer.candidates;
  const [held] = chooseOffers(offer).held;
  if (candidate === undefined || held === undefined) return null;
  switch (held.reason) {
    case "BACKOFF":
      return { by: "BACKOFF", untilMs: candidate.dueAtMs ?? offer.nowMs };
    case "BOXED": {
      const untilMs = boxedUntilMs(plan.penalty, failures, offer.nowMs) ?? offer.nowMs;
      return { by: "BOXED", untilMs, failures: failures.length };
    }
    case "BUDGET": {
      const { groupBy = "", unavailableMax, availableMin } = plan.budget ?? {};
      const group = candidate.group ?? "";
      const { devices, unavailable } = offer.groups.get(group) ?? { devices: 0, unavailable: 0 };
      return { by: "BUDGET", groupBy, group, devices, unavailable, unavailableMax, availableMin };
    }
    case "IN_FLIGHT":
      return { by: "IN_FLIGHT", inFlight: offer.inFlight, inFlightMax: offer.inFlightMax };
    case "RATE":
      if (plan.rate === undefined || facts === undefined) return null;
      return { by: "RATE", perMinute: ratePerMinute(plan.rate, facts) };
  }
}
