import { createQuantiles, type QuantileSketch, quantileLimits, roomOf } from "./quantile-sketch.ts";

// Form, k (2 bytes) and the number of levels; then 2 bytes a level for its size, then the values, 4 bytes each. All
// little-endian, levels from 0 up, the values of each rising.
const FORM = 1;
const HEAD_BYTES = 4;
const SIZE_BYTES = 2;
const VALUE_BYTES = 4;

/** As it travels; no bytes for nothing. The count is not among them: the sizes of the levels say it. */
export function packQuantiles({ k, levels, count, held }: QuantileSketch): Uint8Array {
  if (count === 0) return new Uint8Array(0);
  const sizesBytes = SIZE_BYTES * levels.length;
  const bytes = new Uint8Array(HEAD_BYTES + sizesBytes + VALUE_BYTES * held);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, FORM);
  view.setUint16(1, k, true);
  view.setUint8(3, levels.length);
  let at = HEAD_BYTES + sizesBytes;
  for (const [i, { values, size }] of levels.entries()) {
    view.setUint16(HEAD_BYTES + SIZE_BYTES * i, size, true);
    for (const value of values.slice(0, size).sort()) {
      view.setFloat32(at, value, true);
      at += VALUE_BYTES;
    }
  }
  return bytes;
}

/**
 * A sketch from bytes of which nothing is believed.
 *
 * @param k what it has to have been made with
 * @returns undefined when they are not those that `packQuantiles` makes of such a sketch
 */
export function unpackQuantiles(
  bytes: Uint8Array,
  k: number = quantileLimits.k,
): QuantileSketch | undefined {
  if (bytes.length === 0) return createQuantiles(k);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sizes = readSizes(view, k);
  if (sizes === undefined) return undefined;
  const held = sizes.reduce((sum, size) => sum + size, 0);
  const count = sizes.reduce((sum, size, i) => sum + size * 2 ** i, 0);
  const room = roomOf(k, sizes.length);
  let at = HEAD_BYTES + SIZE_BYTES * sizes.length;
  // A top level without a value would not have been made.
  if (sizes.at(-1) === 0 || held > room || !Number.isSafeInteger(count)) return undefined;
  if (bytes.length !== at + VALUE_BYTES * held) return undefined;
  const levels = sizes.map((size) => {
    const values = readValues(view, { at, size });
    at += VALUE_BYTES * size;
    return { values, size, used: null };
  });
  return levels.every(({ values }) => isRising(values))
    ? { k, levels, count, held, room }
    : undefined;
}

function readSizes(view: DataView, k: number): number[] | undefined {
  if (view.byteLength < HEAD_BYTES || view.getUint8(0) !== FORM) return undefined;
  const length = view.getUint8(3);
  if (view.getUint16(1, true) !== k || length === 0 || length > quantileLimits.levelsMax) {
    return undefined;
  }
  if (view.byteLength < HEAD_BYTES + SIZE_BYTES * length) return undefined;
  return Array.from({ length }, (_, i) => view.getUint16(HEAD_BYTES + SIZE_BYTES * i, true));
}

function readValues(
  view: DataView,
  { at, size }: { readonly at: number; readonly size: number },
): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => view.getFloat32(at + VALUE_BYTES * i, true));
}

/** Numbers all, and of the zeros only the positive one. */
function isRising(values: Float32Array): boolean {
  return values.every(
    (value, i) =>
      Number.isFinite(value) && !Object.is(value, -0) && value >= (values[i - 1] ?? value),
  );
}
