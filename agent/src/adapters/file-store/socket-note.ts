import { join } from "node:path";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import { storeFailure } from "./store-failure.ts";
import { readWhole } from "./whole-file.ts";

/** Of a Unix socket a system takes about 108 bytes; a longer path is no socket's. */
const pathBytesMax = 1_024;

/** Beside the lock: where the agent of this data folder listens, for whoever asks it without knowing how it was started. */
export function keepSocketNote(
  write: DurableWrite,
  runFolder: string,
  socketPath: string,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${socketPath}\n`);
  return write({ path: notePath(runFolder), bytes, permissions: 0o600 });
}

/** @throws StoreError */
export function removeSocketNote(fs: Fs, runFolder: string): Promise<void> {
  return fs.remove(notePath(runFolder)).catch((cause: unknown) => {
    throw storeFailure("removing the note of the socket", cause);
  });
}

/** Undefined when there is none to be read; an agent that was killed has left its own. */
export async function readSocketNote(fs: Fs, runFolder: string): Promise<string | undefined> {
  const bytes = await readWhole(fs, notePath(runFolder), pathBytesMax).catch(() => undefined);
  const path = new TextDecoder().decode(bytes ?? new Uint8Array()).trim();
  return path === "" ? undefined : path;
}

function notePath(runFolder: string): string {
  return join(runFolder, "socket");
}
