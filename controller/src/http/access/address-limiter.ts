import { claimLimits } from "@modelfleet/protocol";
import { networkOf } from "../../domain/network-of.ts";
import { RateLimiter } from "../../domain/rate-limiter.ts";
import { TooManyError } from "../problems/http-error.ts";

const rule = {
  perSecond: claimLimits.enrolsPerSecondPerAddressMax,
  burst: claimLimits.enrolBurstPerAddressMax,
  rememberedMax: claimLimits.enrolAddressesMax,
};

/** How often an address may try to enrol: a guard against guessing and against work for nothing. */
export class AddressLimiter {
  readonly #limiter: RateLimiter;

  constructor(nowMs: () => number) {
    this.#limiter = new RateLimiter(rule, nowMs);
  }

  /** @throws TooManyError ENROLMENTS_TOO_MANY */
  take(address: string): void {
    const retryAfterMs = this.#limiter.take(networkOf(address));
    if (retryAfterMs === 0) return;
    const expected = `at most ${rule.perSecond} enrolments a second from one address`;
    throw new TooManyError("ENROLMENTS_TOO_MANY", { expected, retryAfterMs });
  }
}
