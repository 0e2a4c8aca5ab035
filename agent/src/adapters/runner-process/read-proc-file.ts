import { open } from "node:fs/promises";

/** More than any file below `/proc` has that the agent reads. */
const MAX_BYTES = 4_096;

/**
 * Text of a file below `/proc`, which Linux writes anew for each reading and gives in one piece; empty where it cannot be
 * read. Not `readFile`: such a file says that it has no bytes, and that takes 64 KiB for it each time. Of an idle agent,
 * which looks at its runner four times a second, that was one to two megabytes.
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
