import { open } from "node:fs/promises";

/** What is asked for of a process stands further to the front. */
const MAX_BYTES = 4_096;

/**
 * The first 4 KiB of a file of a process below `/proc`, which Linux writes anew for each reading; empty where it cannot be
 * read. Not `readFile`: such a file says that it has no bytes, and that takes 64 KiB for it each time, four times a second
 * for each runner.
 */
export async function readProcFile(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    return buffer.toString("utf8", 0, bytesRead);
  } catch {
    return ""; // Of a process that has ended, or not Linux: whoever asks says what that means.
  }
}
