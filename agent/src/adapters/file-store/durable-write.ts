import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import type { DurableFile, DurableWrite, Fs } from "../../ports/fs.ts";
import { storeFailure } from "./store-failure.ts";
import { readEach, withFile, writeAll } from "./whole-file.ts";

const ending = ".tmp";

/**
 * Small files that are whole or absent after a crash (store.md 2): a new temporary file in the same folder,
 * every byte, fsync, read back, rename, fsync of the folder. A failed fsync is final for that file: the pages may
 * already be gone, and a second fsync on the same descriptor would claim success.
 *
 * @throws StoreError NO_SPACE | STORE_FAILED; the old file, if any, is untouched
 */
export function durableWriter(fs: Fs, serial: () => number): DurableWrite {
  return async (file) => {
    const temporary = `${file.path}.${serial()}${ending}`;
    try {
      await writeTemporary(fs, temporary, file);
      await fs.rename(temporary, file.path);
      await fs.syncFolder(dirname(file.path));
    } catch (cause) {
      await fs.remove(temporary).catch(() => undefined);
      throw storeFailure(`writing ${file.path}`, cause);
    }
  };
}

/** What killed starts left half written in these folders; what cannot be removed stays, and harms nobody. */
export async function sweepTemporaries(fs: Fs, folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await fs.list(folder).catch(() => []);
    for (const name of names.filter((found) => found.endsWith(ending))) {
      await fs.remove(join(folder, name)).catch(() => undefined);
    }
  }
}

async function writeTemporary(fs: Fs, temporary: string, file: DurableFile): Promise<void> {
  // Left over from a start that was killed; nobody else writes in this folder.
  await fs.remove(temporary);
  const mode = { kind: "create-new", permissions: file.permissions } as const;
  await withFile(fs, temporary, mode, async (handle) => {
    await writeAll(handle, file.bytes, 0);
    await handle.sync();
    const hash = createHash("sha256");
    const read = await readEach(handle, file.bytes.length + 1, (piece) => hash.update(piece));
    const meant = createHash("sha256").update(file.bytes).digest("hex");
    if (read !== file.bytes.length || hash.digest("hex") !== meant) {
      throw new Error(`expected ${file.bytes.length} bytes to read back the same, got ${read}`);
    }
  });
}
