import type { Fs, FsFile } from "../../../../agent/src/ports/fs.ts";

/** Disks that make a store wrong which is right: what a test of crash safety must find. */

/** `fsync` of a file does nothing. */
export function withoutSync(fs: Fs): Fs {
  return { ...fs, open: async (path, mode) => ({ ...(await fs.open(path, mode)), sync: done }) };
}

/** `fsync` of a folder does nothing. */
export function withoutFolderSync(fs: Fs): Fs {
  return { ...fs, syncFolder: done };
}

/** A file is synced only when it already has its new name, and that name is durable. */
export function syncAfterRename(fs: Fs): Fs {
  const waiting: FsFile[] = [];
  return {
    ...fs,
    open: async (path, mode) => {
      const file = await fs.open(path, mode);
      const syncLater = () => Promise.resolve(void waiting.push(file));
      return path.endsWith(".tmp") ? { ...file, sync: syncLater } : file;
    },
    syncFolder: async (path) => {
      await fs.syncFolder(path);
      for (const file of waiting.splice(0)) await file.sync();
    },
  };
}

/** Every commit goes over the record before it. */
export function oneSlot(fs: Fs): Fs {
  const only = (path: string) => path.replace("/state/b", "/state/a");
  return {
    ...fs,
    open: (path, mode) => fs.open(only(path), mode),
    stat: (path) => fs.stat(only(path)),
    remove: (path) => fs.remove(only(path)),
  };
}

function done(): Promise<void> {
  return Promise.resolve();
}
