import { accessLimits } from "@modelfleet/protocol";
import { networkOf } from "../../domain/network-of.ts";
import { RateLimiter } from "../../domain/rate-limiter.ts";
import { TooManyError } from "../problems/http-error.ts";

const perAddress = {
  perSecond: accessLimits.requestsPerSecondPerAddressMax,
  burst: accessLimits.requestBurstPerAddressMax,
  rememberedMax: accessLimits.addressesMax,
};
const perCaller = {
  perSecond: accessLimits.requestsPerSecondPerCallerMax,
  burst: accessLimits.requestBurstPerCallerMax,
  rememberedMax: accessLimits.callersMax,
};
const failedLogins = {
  perSecond: accessLimits.failedLoginsPerMinutePerAddressMax / 60,
  burst: accessLimits.failedLoginBurstPerAddressMax,
  rememberedMax: accessLimits.addressesMax,
};

/**
 * How often the API may be asked. The caller is known only after his login, so these are counted where he is judged.
 *
 * A failed login counts against its address, and only failed ones do: a right key is served whatever others behind
 * the same address try. Secrets have 256 bits, so nobody is kept from guessing by locking the others out.
 */
export class RequestLimits {
  readonly #perAddress: RateLimiter;
  readonly #perCaller: RateLimiter;
  readonly #failedLogins: RateLimiter;

  constructor(nowMs: () => number) {
    this.#perAddress = new RateLimiter(perAddress, nowMs);
    this.#perCaller = new RateLimiter(perCaller, nowMs);
    this.#failedLogins = new RateLimiter(failedLogins, nowMs);
  }

  /** @throws TooManyError REQUESTS_TOO_MANY */
  takeAddress(address: string): void {
    const retryAfterMs = this.#perAddress.take(networkOf(address));
    if (retryAfterMs === 0) return;
    const expected = `at most ${perAddress.perSecond} requests a second from one address`;
    throw new TooManyError("REQUESTS_TOO_MANY", { expected, retryAfterMs });
  }

  /** @throws TooManyError REQUESTS_TOO_MANY */
  takeCaller(id: string): void {
    const retryAfterMs = this.#perCaller.take(id);
    if (retryAfterMs === 0) return;
    const expected = `at most ${perCaller.perSecond} requests a second with one login`;
    throw new TooManyError("REQUESTS_TOO_MANY", { expected, retryAfterMs });
  }

  /** @throws TooManyError LOGINS_TOO_MANY */
  takeFailedLogin(address: string): void {
    const retryAfterMs = this.#failedLogins.take(networkOf(address));
    if (retryAfterMs === 0) return;
    const expected = `at most ${accessLimits.failedLoginsPerMinutePerAddressMax} failed logins a minute from one address`;
    throw new TooManyError("LOGINS_TOO_MANY", { expected, retryAfterMs });
  }
}
