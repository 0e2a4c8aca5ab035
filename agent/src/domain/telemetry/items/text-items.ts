import type { Tensor } from "../../tensor.ts";

/** A tensor of texts opened for reading by item (row of the first dimension). */
export interface TextItems {
  readonly bytes: Uint8Array;
  /** Where each element begins, its length before it; one more for the end. */
  readonly starts: Uint32Array;
  readonly items: number;
  /** Elements of one item. */
  readonly size: number;
}

const LENGTH_BYTES = 4;

/** @returns null when it holds no texts: numbers, no elements, or other bytes than its shape says */
export function openTexts({ dtype, shape, bytes }: Tensor): TextItems | null {
  if (dtype !== "string") return null;
  const [items = 1, ...rest] = shape;
  const size = rest.reduce((product, dimension) => product * dimension, 1);
  const count = items * size;
  // No element is shorter than its length.
  if (count === 0 || bytes.length < count * LENGTH_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = new Uint32Array(count + 1);
  let at = 0;
  for (let element = 0; element < count; element += 1) {
    starts[element] = at;
    if (at + LENGTH_BYTES > bytes.length) return null;
    at += LENGTH_BYTES + view.getUint32(at, true);
  }
  starts[count] = at;
  return at === bytes.length ? { bytes, starts, items, size } : null;
}

/** The bytes of one element: from, and up to. */
export function textBounds(texts: TextItems, element: number): readonly [number, number] {
  return [(texts.starts[element] ?? 0) + LENGTH_BYTES, texts.starts[element + 1] ?? 0];
}

/** Nothing, or nothing but spaces, tabs and ends of lines: as in the file of rows a profile is made of, no word (protocol.md 6.9). */
export function isBlank(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0x20 && !(byte >= 0x09 && byte <= 0x0d)) return false;
  }
  return true;
}
