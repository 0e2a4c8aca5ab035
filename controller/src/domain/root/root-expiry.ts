import { keyLimits, type RootDocument, type RootExpiry } from "@modelfleet/protocol";

const DAY_MS = 24 * 60 * 60 * 1_000;
const [EARLY, NEAR, LAST] = keyLimits.rootWarningDays;

/**
 * How near the end of a root is. At its very `expires` it has expired (protocol.md 1.6.1).
 *
 * @returns `daysLeft` in whole days, rounded down; below 0 after the end
 */
export function rootExpiry(
  { expires }: Pick<RootDocument, "expires">,
  nowMs: number,
): { readonly daysLeft: number; readonly expiry: RootExpiry } {
  const leftMs = Date.parse(expires) - nowMs;
  return { daysLeft: Math.floor(leftMs / DAY_MS), expiry: expiryOf(leftMs) };
}

function expiryOf(leftMs: number): RootExpiry {
  if (leftMs <= 0) return "expired";
  if (leftMs <= LAST * DAY_MS) return "in-7-days";
  if (leftMs <= NEAR * DAY_MS) return "in-30-days";
  return leftMs <= EARLY * DAY_MS ? "in-90-days" : "good";
}
