/** JSON we wrote ourselves from a checked value. */
export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T;
}

/** A plain byte array, whatever the driver gave. */
export function bytesOf(value: Uint8Array): Uint8Array {
  return new Uint8Array(value);
}
