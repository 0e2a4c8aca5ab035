import { type DeviceId, hmacSha256, type Sha256 } from "@modelfleet/protocol";

const encoder = new TextEncoder();

/**
 * Where a device stands in the order of a rollout: HMAC-SHA-256 of its id under the rollout's seed, compared as text.
 * Nobody who does not know the seed can choose a name that comes first, and no other device changes it.
 *
 * @param seed hex, 32 bytes
 * @throws RangeError when it is not (a caller's mistake, never input)
 */
export function orderKey(seed: string, device: DeviceId): Sha256 {
  if (!/^[0-9a-f]{64}$/.test(seed)) throw new RangeError("expected a seed of 64 hex characters");
  return hmacSha256(encoder.encode(seed), encoder.encode(device));
}
