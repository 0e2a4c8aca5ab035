const detailBytesMax = 512;

/**
 * The evidence of a refusal as it is kept and reported. It may quote a model file or a runner, so it may hold anything:
 * control characters would take six bytes each in JSON, and half a surrogate pair is refused by strict readers.
 *
 * @returns one line of at most `bytesMax` bytes in UTF-8, whole characters only
 */
export function cutDetail(text: string, bytesMax = detailBytesMax): string {
  const bytes = new Uint8Array(bytesMax);
  const { written } = new TextEncoder().encodeInto(text.replace(/\p{Cc}+/gu, " "), bytes);
  return new TextDecoder().decode(bytes.subarray(0, written));
}
