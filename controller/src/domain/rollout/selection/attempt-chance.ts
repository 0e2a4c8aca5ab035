import { type DeviceId, hmacSha256 } from "@modelfleet/protocol";

const encoder = new TextEncoder();
const HEX_DIGITS = 8;

/** Chance that is the same for the same rollout, device and attempt; 0 ≤ x < 1. */
export function attemptChance(seed: string, device: DeviceId, attempt: number): number {
  const digest = hmacSha256(encoder.encode(seed), encoder.encode(`${device} ${attempt}`));
  return Number.parseInt(digest.slice(0, HEX_DIGITS), 16) / 16 ** HEX_DIGITS;
}
