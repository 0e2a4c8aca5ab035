import type { BitSource } from "@modelfleet/protocol";

const BYTES_AT_ONCE = 64;

/** Bits one by one, each used once. */
export function bitsFrom(randomBytes: (length: number) => Uint8Array): BitSource {
  let bytes: Uint8Array = new Uint8Array(0);
  let at = 0;
  return () => {
    if (at === 8 * bytes.length) {
      bytes = randomBytes(BYTES_AT_ONCE);
      at = 0;
    }
    const bit = ((bytes[at >> 3] ?? 0) >> (at & 7)) & 1;
    at += 1;
    return bit;
  };
}
