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
