/**
 * Strict base64, as DSSE asks: the standard or the URL alphabet, never mixed, always padded, no spare bits.
 *
 * @returns undefined when the text is anything else
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (/[-_]/.test(text) && /[+/]/.test(text)) return undefined;
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Buffer.from(standard, "base64");
  return bytes.toString("base64") === standard ? new Uint8Array(bytes) : undefined;
}
