import { type DeviceId, keyedSha256, type Sha256 } from "@modelfleet/protocol";

const encoder = new TextEncoder();

/**
 * Where devices stand in the order of a rollout: HMAC-SHA-256 of their ids under the rollout's seed, compared as text.
 * Nobody who does not know the seed can choose a name that comes first, and no other device changes it.
 *
 * @param seed hex, 32 bytes
 * @throws RangeError when it is not (a caller's mistake, never input)
 */
export function orderKeys(seed: string): (device: DeviceId) => Sha256 {
  if (!/^[0-9a-f]{64}$/.test(seed)) throw new RangeError("expected a seed of 64 hex characters");
  const keyed = keyedSha256(encoder.encode(seed));
  return (device) => keyed(encoder.encode(device));
}

/** The place of one device, as `orderKeys` has it. */
export function orderKey(seed: string, device: DeviceId): Sha256 {
  return orderKeys(seed)(device);
}

/** In the order that the seed draws. */
export function inOrder<T extends { readonly id: DeviceId }>(
  seed: string,
  devices: readonly T[],
): readonly T[] {
  const keyOf = orderKeys(seed);
  const keyed = devices.map((device) => ({ device, key: keyOf(device.id) }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : 1));
  return keyed.map(({ device }) => device);
}
