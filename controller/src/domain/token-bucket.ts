/** How fast tokens come back, and how many there can be. */
export interface TokenBucketRule {
  readonly perSecond: number;
  /** What may be taken at once after a quiet time. */
  readonly burst: number;
}

/** How many tokens there were, and when. */
export interface TokenBucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** A token and what is left, or how long to wait for one; milliseconds, ≥ 1. */
export type Take =
  | { readonly kind: "taken"; readonly bucket: TokenBucket }
  | { readonly kind: "wait"; readonly waitMs: number };

/** What somebody has who has taken nothing yet. */
export function fullBucket(rule: TokenBucketRule, nowMs: number): TokenBucket {
  return { tokens: rule.burst, atMs: nowMs };
}

/**
 * Takes one token, or says how long until there is one.
 *
 * A clock that steps back fills nothing and takes nothing away.
 *
 * @param nowMs milliseconds on any clock that runs forward
 * @returns `waitMs` ≥ 1
 */
export function takeToken(rule: TokenBucketRule, bucket: TokenBucket, nowMs: number): Take {
  const elapsedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(rule.burst, bucket.tokens + (elapsedMs * rule.perSecond) / 1_000);
  if (tokens >= 1) return { kind: "taken", bucket: { tokens: tokens - 1, atMs: nowMs } };
  return { kind: "wait", waitMs: Math.max(1, Math.ceil(((1 - tokens) * 1_000) / rule.perSecond)) };
}
