/** Elements of a BYTES tensor: each a 4-byte little-endian length, then that many bytes. */

/** @returns the elements, or undefined when their lengths do not add up to the whole */
export function splitElements(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at + 4;
    const end = start <= bytes.length ? start + view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (end > bytes.length) return undefined;
    elements.push(bytes.subarray(start, end));
    at = end;
  }
  return elements;
}

/** The inverse of {@link splitElements}. */
export function joinElements(elements: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(elements.reduce((sum, { length }) => sum + 4 + length, 0));
  const view = new DataView(whole.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.length, true);
    whole.set(element, at + 4);
    at += 4 + element.length;
  }
  return whole;
}

/** The first so many elements, and the rest; without a copy. @throws RangeError when there are fewer */
export function splitTexts(bytes: Uint8Array, count: number): readonly [Uint8Array, Uint8Array] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let i = 0; i < count; i++) at += 4 + view.getUint32(at, true);
  if (at > bytes.length) throw new RangeError(`expected ${count} whole elements`);
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

/** One after the other, in a copy. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
