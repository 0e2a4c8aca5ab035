/** Length of every Ed25519 signature: R and S, 32 bytes each. */
export const signatureBytes = 64;

/** Little-endian order of the base point, L = 2^252 + 27742317777372353535851937790883648493. */
const ORDER = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
/** Little-endian field prime, p = 2^255 - 19. */
const PRIME = hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
const PUBLIC_KEY_BYTES = 32;

/**
 * The y coordinates of the 8 points of small order, also in the encodings above p; the sign bit is masked away.
 * Same list as libsodium's `ge25519_has_small_order`.
 */
const SMALL_ORDER: readonly Uint8Array[] = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map(hex);

/** Whether a public key is 32 bytes, written canonically (y < p), and not of small order. */
export function isStrictPublicKey(publicKey: unknown): publicKey is Uint8Array {
  // protocol.md 1.1.6: keys of small order, and second spellings of a key, are refused.
  return (
    publicKey instanceof Uint8Array &&
    publicKey.length === PUBLIC_KEY_BYTES &&
    isBelow(withoutSign(publicKey), PRIME) &&
    !hasSmallOrder(publicKey)
  );
}

/** Whether a signature is 64 bytes with S < L and an R that is canonical and not of small order. */
export function isStrictSignature(signature: unknown): signature is Uint8Array {
  // protocol.md 1.1.6: S below the group order, R canonical and not of small order.
  if (!(signature instanceof Uint8Array) || signature.length !== signatureBytes) return false;
  const r = signature.subarray(0, 32);
  const s = signature.subarray(32);
  return isBelow(s, ORDER) && isBelow(withoutSign(r), PRIME) && !hasSmallOrder(r);
}

function hasSmallOrder(point: Uint8Array): boolean {
  const y = withoutSign(point);
  return SMALL_ORDER.some((small) => small.every((byte, index) => byte === y[index]));
}

/** Compares two little-endian numbers of 32 bytes. Public values only, so time may vary. */
function isBelow(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = PUBLIC_KEY_BYTES - 1; index >= 0; index -= 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function withoutSign(point: Uint8Array): Uint8Array {
  const y = Uint8Array.from(point);
  y[31] = (y[31] ?? 0) & 0x7f;
  return y;
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "hex"));
}
