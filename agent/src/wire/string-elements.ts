/** Elements of a BYTES tensor: each a 4-byte little-endian length, then that many bytes. */

/** @throws RangeError when the lengths do not add up to `bytes` */
export function readElements(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const start = at + 4;
    if (start > bytes.length) throw new RangeError("expected a 4-byte length, got the end");
    const end = start + view.getUint32(at, true);
    if (end > bytes.length) throw new RangeError("expected an element inside the tensor");
    elements.push(bytes.subarray(start, end));
    at = end;
  }
  return elements;
}

export function writeElements(elements: readonly Uint8Array[]): Uint8Array {
  const size = elements.reduce((sum, element) => sum + 4 + element.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const element of elements) {
    view.setUint32(at, element.length, true);
    bytes.set(element, at + 4);
    at += 4 + element.length;
  }
  return bytes;
}
