import { fullBucket, type TokenBucket, type TokenBucketRule, takeToken } from "./token-bucket.ts";

export interface RateRule extends TokenBucketRule {
  /** How many are remembered; whoever was heard longest ago is forgotten first. */
  readonly rememberedMax: number;
}

/** How often each of many may do something. */
export class RateLimiter {
  readonly #rule: RateRule;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(rule: RateRule, nowMs: () => number) {
    this.#rule = rule;
    this.#nowMs = nowMs;
  }

  /** @returns milliseconds to wait; 0: it may be done now, and has been counted */
  take(who: string): number {
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(who) ?? fullBucket(this.#rule, nowMs);
    const take = takeToken(this.#rule, bucket, nowMs);
    if (take.kind === "wait") return take.waitMs;
    this.#remember(who, take.bucket);
    return 0;
  }

  /** @returns milliseconds until it may be done; 0: now. Counts nothing */
  waitMs(who: string): number {
    const bucket = this.#buckets.get(who);
    const take = bucket && takeToken(this.#rule, bucket, this.#nowMs());
    return take?.kind === "wait" ? take.waitMs : 0;
  }

  #remember(who: string, bucket: TokenBucket): void {
    this.#buckets.delete(who);
    this.#buckets.set(who, bucket);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > this.#rule.rememberedMax && !oldest.done) {
      this.#buckets.delete(oldest.value);
    }
  }
}
