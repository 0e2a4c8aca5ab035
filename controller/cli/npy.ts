import type { ElementType } from "@modelfleet/protocol";

const MAGIC = Buffer.from("\x93NUMPY\x01\x00", "latin1");
const ALIGNMENT = 64;

/** NumPy's names of the element types; null: text has none. */
const descriptions: Readonly<Record<ElementType, string | null>> = {
  bool: "|b1",
  uint8: "|u1",
  uint16: "<u2",
  uint32: "<u4",
  uint64: "<u8",
  int8: "|i1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
  string: null,
};

/**
 * A tensor as a `.npy` file, format 1.0 (NumPy enhancement proposal 1).
 *
 * @param bytes elements in row-major order, little endian
 * @returns null for texts
 */
export function npyOf(
  dtype: ElementType,
  shape: readonly number[],
  bytes: Uint8Array,
): Uint8Array | null {
  const description = descriptions[dtype];
  if (description === null) return null;
  const sizes = shape.length === 1 ? `${shape[0] ?? 0},` : shape.join(", ");
  const text = `{'descr': '${description}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const before = MAGIC.length + 2;
  const whole = Math.ceil((before + text.length + 1) / ALIGNMENT) * ALIGNMENT;
  const header = Buffer.from(`${text.padEnd(whole - before - 1)}\n`, "latin1");
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([MAGIC, length, header, bytes]);
}
