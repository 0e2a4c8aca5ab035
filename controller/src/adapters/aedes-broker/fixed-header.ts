/** The packet types the guard tells apart (MQTT 3.1.1, table 2.1). */
export const packetTypes = { connect: 1, publish: 3 } as const;

export type FixedHeader =
  | { readonly kind: "header"; readonly type: number; readonly packetBytes: number }
  | { readonly kind: "incomplete" }
  | { readonly kind: "malformed" };

const LENGTH_BYTES_MAX = 4;

/**
 * Type and whole length of the packet that begins at `offset` (MQTT 3.1.1, 2.2).
 *
 * @returns `incomplete` while the header has not arrived whole; it is at most 5 bytes
 */
export function readFixedHeader(bytes: Uint8Array, offset: number): FixedHeader {
  const first = bytes[offset];
  if (first === undefined) return { kind: "incomplete" };
  const type = first >> 4;
  if (type === 0 || type === 15) return { kind: "malformed" };
  let bodyBytes = 0;
  for (let index = 0; index < LENGTH_BYTES_MAX; index += 1) {
    const digit = bytes[offset + 1 + index];
    if (digit === undefined) return { kind: "incomplete" };
    bodyBytes += (digit & 0x7f) * 128 ** index;
    if (digit < 0x80) return { kind: "header", type, packetBytes: 2 + index + bodyBytes };
  }
  return { kind: "malformed" };
}
