import { spread } from "./spread.ts";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const HUNDRED = 100;

const encoder = new TextEncoder();

/** 32-bit FNV-1a of a text's UTF-8 bytes. @see draft-eastlake-fnv-17, sections 2 and 5 */
export function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, FNV_PRIME);
  return hash >>> 0;
}

/** Whether a request with this key is the canary's: the same key always is, or never, on every device. */
export function isKeyInShare(key: string, weightPercent: number): boolean {
  return fnv1a(key) % HUNDRED < weightPercent;
}

/**
 * Whether the request with this running number is the canary's, where requests have no key: of any hundred in a row
 * about `weightPercent` are, and of those of each of several sources that take turns as well.
 *
 * @param number counts requests without a key, from 0
 */
export function isTurnInShare(number: number, weightPercent: number): boolean {
  return spread(number) * HUNDRED < weightPercent;
}
