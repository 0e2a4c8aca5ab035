import type { Fs, FsFile, OpenMode } from "../../ports/fs.ts";

const chunkBytes = 256 * 1024;

/** Write until every byte is taken; the system may take fewer than it was given. */
export async function writeAll(file: FsFile, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const taken = await file.write(bytes.subarray(written), position + written);
    if (taken <= 0) throw new Error(`expected ${bytes.length} bytes to be taken, got ${written}`);
    written += taken;
  }
}

/** Everything from the start of a file, in pieces; the piece is only valid until the next one. */
export async function readEach(
  file: FsFile,
  sizeBytes: number,
  each: (piece: Uint8Array) => void,
): Promise<number> {
  const buffer = new Uint8Array(Math.min(chunkBytes, Math.max(1, sizeBytes)));
  let position = 0;
  while (position < sizeBytes) {
    const wanted = Math.min(buffer.length, sizeBytes - position);
    const got = await file.read(buffer.subarray(0, wanted), position);
    if (got === 0) break;
    each(buffer.subarray(0, got));
    position += got;
  }
  return position;
}

/** A whole small file; undefined when there is none. @throws RangeError when it is longer than `bytesMax` */
export async function readWhole(
  fs: Fs,
  path: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const found = await fs.stat(path);
  if (found === undefined) return undefined;
  if (found.sizeBytes > bytesMax) {
    throw new RangeError(`expected at most ${bytesMax} bytes in ${path}, got ${found.sizeBytes}`);
  }
  const bytes = new Uint8Array(found.sizeBytes);
  return withFile(fs, path, { kind: "read" }, async (file) => {
    let at = 0;
    const got = await readEach(file, found.sizeBytes, (piece) => {
      bytes.set(piece, at);
      at += piece.length;
    });
    return bytes.subarray(0, got);
  });
}

/** Open, use, close; the first failure is the one that is told. */
export async function withFile<T>(
  fs: Fs,
  path: string,
  mode: OpenMode,
  use: (file: FsFile) => Promise<T>,
): Promise<T> {
  const file = await fs.open(path, mode);
  let result: T;
  try {
    result = await use(file);
  } catch (cause) {
    await file.close().catch(() => undefined);
    throw cause;
  }
  await file.close();
  return result;
}
