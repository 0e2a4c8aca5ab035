/**
 * The three protobuf wire types that ONNX needs. A message is the concatenation of its fields.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;

/** An integer field. @throws RangeError unless the value is a whole number in 0…2⁵³−1 */
export function integerField(field: number, value: number): Uint8Array {
  return concat([tag(field, WIRE_VARINT), varint(value)]);
}

/** A `float` field: four bytes, little-endian. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([tag(field, WIRE_FIXED32), bytes]);
}

/** A field of bytes: raw data, or a message made by {@link message}. */
export function bytesField(field: number, value: Uint8Array): Uint8Array {
  return concat([tag(field, WIRE_BYTES), varint(value.length), value]);
}

/** A field of text in UTF-8. */
export function textField(field: number, value: string): Uint8Array {
  return bytesField(field, new TextEncoder().encode(value));
}

/** The fields of one message, in the order given. */
export function message(...fields: readonly Uint8Array[]): Uint8Array {
  return concat(fields);
}

function tag(field: number, wireType: number): Uint8Array {
  return varint(field * 8 + wireType);
}

function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected a whole number in 0…2⁵³−1 to encode, got ${value}`);
  }
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return Uint8Array.from([...bytes, rest]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
