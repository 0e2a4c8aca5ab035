/** A plain byte array, whatever the driver gave. */
export function bytesOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
