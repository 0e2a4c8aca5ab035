import type { HttpAnswer } from "./send-request.ts";

/** All of an answer. @throws what `tooLarge` makes when it is longer than `bytesMax`; Error when it breaks off */
export async function readText(
  answer: HttpAnswer,
  bytesMax: number,
  tooLarge: () => Error,
): Promise<string> {
  const arriving: AsyncIterable<Uint8Array> = answer;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of arriving) {
    bytes += piece.length;
    if (bytes > bytesMax) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
