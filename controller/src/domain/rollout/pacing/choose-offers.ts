import type { DeviceId, DisruptionBudget } from "@modelfleet/protocol";

/** A device that waits for its order. */
export interface OfferCandidate {
  readonly device: DeviceId;
  /** End of its back-off; null: none. */
  readonly dueAtMs: number | null;
  /** The value of the budget's label; devices without it are a group of their own. */
  readonly group: string | null;
  /** Whether its group counts it as out of service already: it is offline, or has failed and was not seen well since. */
  readonly isUnavailable: boolean;
}

/** Of one group: how many devices, and how many are out of service now, whatever the reason. */
export interface OfferGroup {
  readonly devices: number;
  readonly unavailable: number;
}

export interface OfferRequest {
  /** In the order of the rollout. */
  readonly candidates: readonly OfferCandidate[];
  /** `rateTokens` */
  readonly tokens: number;
  /** Orders that are under way, and how many may be. */
  readonly inFlight: number;
  readonly inFlightMax: number;
  readonly budget: DisruptionBudget | undefined;
  /** By the value of the budget's label, "" for those without it. Of a group that is not in it, nothing is offered. */
  readonly groups: ReadonlyMap<string, OfferGroup>;
  readonly nowMs: number;
  /** Devices in the penalty box. */
  readonly boxed: ReadonlySet<DeviceId>;
}

/** Why a device gets no order now. */
export type HoldReason =
  /** Its attempt failed and the next one is not due. */
  | "BACKOFF"
  /** It failed too often of late. */
  | "BOXED"
  /** Too many of its group are out of service. */
  | "BUDGET"
  /** As many orders are under way as may be. */
  | "IN_FLIGHT"
  /** As many orders were given in the last minute as may be. */
  | "RATE";

export interface OfferChoice {
  readonly offers: readonly DeviceId[];
  readonly held: readonly { readonly device: DeviceId; readonly reason: HoldReason }[];
}

/**
 * Who gets an order now. Rules, for each candidate in order:
 *
 * 1. Whoever may not, for a reason of its own or of its group, is passed over and holds up nobody behind it.
 * 2. A device under way is out of service, and so is one that is offline or has failed, until it was seen well again: a
 *    dead device keeps its place in the budget. One that is out of service already takes no second place.
 * 3. After every order the budget of its group holds: at most `unavailableMax` out of service, at least `availableMin` in
 *    service.
 */
export function chooseOffers(request: OfferRequest): OfferChoice {
  const unavailable = new Map<string, number>();
  let free = Math.max(0, Math.min(request.tokens, request.inFlightMax - request.inFlight));
  const offers: DeviceId[] = [];
  const held: { device: DeviceId; reason: HoldReason }[] = [];
  for (const candidate of request.candidates) {
    const reason = ownReason(request, candidate) ?? budgetReason(request, candidate, unavailable);
    if (reason !== undefined || free === 0) {
      held.push({ device: candidate.device, reason: reason ?? fullReason(request) });
      continue;
    }
    free -= 1;
    offers.push(candidate.device);
    if (!candidate.isUnavailable) {
      const group = candidate.group ?? "";
      unavailable.set(group, (unavailable.get(group) ?? 0) + 1);
    }
  }
  return { offers, held };
}

function ownReason(
  { nowMs, boxed }: OfferRequest,
  { device, dueAtMs }: OfferCandidate,
): HoldReason | undefined {
  if (dueAtMs !== null && dueAtMs > nowMs) return "BACKOFF";
  return boxed.has(device) ? "BOXED" : undefined;
}

/** @param added what this round of orders puts out of service, by group */
function budgetReason(
  { budget, groups }: OfferRequest,
  candidate: OfferCandidate,
  added: ReadonlyMap<string, number>,
): HoldReason | undefined {
  if (budget === undefined) return undefined;
  const group = groups.get(candidate.group ?? "");
  if (group === undefined) return "BUDGET";
  const before = group.unavailable + (added.get(candidate.group ?? "") ?? 0);
  const after = candidate.isUnavailable ? before : before + 1;
  const { unavailableMax = Number.POSITIVE_INFINITY, availableMin = 0 } = budget;
  return after > unavailableMax || group.devices - after < availableMin ? "BUDGET" : undefined;
}

/** Which of the two bounds is the one that is met. */
function fullReason({ tokens, inFlight, inFlightMax }: OfferRequest): HoldReason {
  return inFlightMax - inFlight <= tokens ? "IN_FLIGHT" : "RATE";
}
