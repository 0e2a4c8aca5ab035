import { createReadStream } from "node:fs";
import { fileFault } from "./file-fault.ts";

const BOM = "\uFEFF";

export interface TextChunksOptions {
  readonly path: string;
  readonly chunkBytes: number;
  readonly onBytes: (doneBytes: number) => void;
}

/**
 * A file as text, without a byte order mark; cut anywhere, only not within a character.
 *
 * @throws CliError FILE naming the line before which all was well
 */
export async function* textChunks(options: TextChunksOptions): AsyncGenerator<string> {
  const { path, chunkBytes, onBytes } = options;
  const decode = strictDecoder(path);
  let [isBegun, doneBytes] = [false, 0];
  for await (const bytes of chunksOf(path, chunkBytes)) {
    const text = decode(bytes);
    yield !isBegun && text.startsWith(BOM) ? text.slice(BOM.length) : text;
    isBegun ||= text !== "";
    doneBytes += bytes.length;
    onBytes(doneBytes);
  }
  yield decode(undefined);
}

function strictDecoder(path: string): (bytes: Uint8Array | undefined) => string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 1;
  return (bytes) => {
    try {
      const text = decoder.decode(bytes, { stream: bytes !== undefined });
      if (text.includes("\0")) throw new TypeError("a zero byte");
      line += text.split("\n").length - 1;
      return text;
    } catch (cause) {
      throw fileFault(
        { path },
        `expected text in UTF-8, got other bytes after line ${line}`,
        cause,
      );
    }
  };
}

async function* chunksOf(path: string, chunkBytes: number): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes })) {
      yield chunk as Uint8Array;
    }
  } catch (cause) {
    throw fileFault({ path }, `cannot be read: ${String(cause)}`, cause);
  }
}
