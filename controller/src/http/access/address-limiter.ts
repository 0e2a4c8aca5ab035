import { claimLimits } from "@modelfleet/protocol";
import { fullBucket, type TokenBucket, takeToken } from "../../domain/token-bucket.ts";
import { HttpError } from "../problems/http-error.ts";

const rule = {
  perSecond: claimLimits.enrolsPerSecondPerAddressMax,
  burst: claimLimits.enrolBurstPerAddressMax,
};

/** How often an address may try to enrol: a guard against guessing and against work for nothing. */
export class AddressLimiter {
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @throws HttpError ENROLMENTS_TOO_MANY */
  take(address: string): void {
    const nowMs = this.#nowMs();
    const take = takeToken(rule, this.#buckets.get(address) ?? fullBucket(rule, nowMs), nowMs);
    if (take.kind === "wait") {
      throw new HttpError(
        "ENROLMENTS_TOO_MANY",
        `expected at most ${rule.perSecond} enrolments a second from one address: try again`,
      );
    }
    this.#remember(address, take.bucket);
  }

  /** Newest last, so that the address that was quiet for longest is forgotten first. */
  #remember(address: string, bucket: TokenBucket): void {
    this.#buckets.delete(address);
    this.#buckets.set(address, bucket);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > claimLimits.enrolAddressesMax && !oldest.done) {
      this.#buckets.delete(oldest.value);
    }
  }
}
