import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** A small regular file, whole; undefined when there is none, or it is none: larger, a link, a folder, a pipe, unreadable. */
export async function boundedFile(path: string, bytesMax: number): Promise<Uint8Array | undefined> {
  const file = await openQuietly(path);
  if (file === undefined) return undefined;
  try {
    const found = await file.stat();
    if (!found.isFile() || found.size > bytesMax) return undefined;
    const bytes = new Uint8Array(found.size);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } catch {
    return undefined; // A bad place on the disk: as if nobody had put it there.
  } finally {
    await file.close();
  }
}

/** A link could lead anywhere, and opening a pipe would wait for a writer. */
export async function openQuietly(path: string) {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch {
    return undefined; // Nobody put it there, or it cannot be read: then there is none.
  }
}
