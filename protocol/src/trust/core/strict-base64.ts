/**
 * Strict base64, as DSSE asks: the standard or the URL alphabet, never mixed, always padded, no spare bits.
 *
 * @returns undefined when the text is anything else
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const standard = /[-_]/.test(text) ? fromUrlAlphabet(text) : text;
  if (standard === undefined) return undefined;
  const bytes = Buffer.from(standard, "base64");
  return bytes.toString("base64") === standard ? new Uint8Array(bytes) : undefined;
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

function fromUrlAlphabet(text: string): string | undefined {
  if (/[+/]/.test(text)) return undefined;
  return text.replaceAll("-", "+").replaceAll("_", "/");
}
