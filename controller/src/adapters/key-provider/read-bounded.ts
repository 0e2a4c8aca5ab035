import { open } from "node:fs/promises";
import { KeyError } from "../../domain/errors.ts";

export interface FileBytes {
  readonly bytes: Uint8Array;
  /** Permission bits. */
  readonly mode: number;
}

/** A small file, or what a pipe holds. @throws KeyError KEY_MISSING | KEY_INVALID */
export async function readBounded(path: string, bytesMax: number): Promise<FileBytes> {
  await using file = await openFile(path);
  const found = await file.stat();
  if (found.isDirectory()) {
    throw new KeyError("KEY_INVALID", `${path}: expected a file, got a folder`);
  }
  const buffer = new Uint8Array(bytesMax + 1);
  let length = 0;
  for (;;) {
    // A pipe gives what is there, and ends later.
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    length += bytesRead;
    if (bytesRead === 0) break;
  }
  if (length > bytesMax) {
    throw new KeyError("KEY_INVALID", `${path}: expected at most ${bytesMax} bytes, got more`);
  }
  return { bytes: buffer.slice(0, length), mode: found.mode };
}

async function openFile(path: string) {
  try {
    return await open(path, "r");
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    if (cause.code === "ENOENT") {
      throw new KeyError("KEY_MISSING", `expected a file at ${path}, got none`, { cause });
    }
    throw new KeyError("KEY_INVALID", `${path}: cannot be read (${cause.message})`, { cause });
  }
}
