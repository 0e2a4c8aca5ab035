/** Length of every Ed25519 signature: R and S, 32 bytes each. */
export const signatureBytes = 64;

/** Big-endian order of the base point, L = 2^252 + 27742317777372353535851937790883648493. */
const ORDER = Buffer.from(
  "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed",
  "hex",
);
/** Big-endian field prime, p = 2^255 - 19. */
const PRIME = Buffer.from(
  "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed",
  "hex",
);
const PUBLIC_KEY_BYTES = 32;

/**
 * The y coordinates of the 8 points of small order, little-endian, without the sign bit. libsodium's
 * `ge25519_has_small_order` lists their encodings above p too; those are not canonical, so refused already.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]);

/** Whether a public key is 32 bytes, written canonically (y < p), and not of small order. */
export function isStrictPublicKey(publicKey: unknown): publicKey is Uint8Array {
  // protocol.md 1.1.6: keys of small order, and second spellings of a key, are refused.
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== PUBLIC_KEY_BYTES) return false;
  return isStrictPoint(publicKey);
}

/** Whether a signature is 64 bytes with S < L and an R that is canonical and not of small order. */
export function isStrictSignature(signature: unknown): signature is Uint8Array {
  // protocol.md 1.1.6: S below the group order, R canonical and not of small order.
  if (!(signature instanceof Uint8Array) || signature.length !== signatureBytes) return false;
  return (
    isStrictPoint(signature.subarray(0, 32)) && isBelow(Buffer.from(signature.subarray(32)), ORDER)
  );
}

function isStrictPoint(point: Uint8Array): boolean {
  const y = Buffer.from(point);
  y.writeUInt8(y.readUInt8(31) & 0x7f, 31); // The highest bit of a point is the sign of x.
  // In this order, for the number is turned around where it stands.
  return !SMALL_ORDER.has(y.toString("hex")) && isBelow(y, PRIME);
}

/** Compares a little-endian number, of which nobody else needs the bytes, with a big-endian one; time may vary. */
function isBelow(littleEndian: Buffer, bigEndian: Buffer): boolean {
  return Buffer.compare(littleEndian.reverse(), bigEndian) < 0;
}
