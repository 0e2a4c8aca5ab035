import type { Writable } from "node:stream";

/** One call of the system for one frame, however many chunks it has. */
export function writeChunks(socket: Writable, chunks: readonly Uint8Array[]): void {
  if (chunks.length > 1) socket.cork();
  for (const chunk of chunks) socket.write(chunk);
  if (chunks.length > 1) socket.uncork();
}
