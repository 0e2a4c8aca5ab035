import { constants } from "node:fs";
import {
  chmod,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  statfs,
} from "node:fs/promises";
import { dirname } from "node:path";
import type { Fs, FsFile, OpenMode } from "../../ports/fs.ts";

/** The file system of this machine. */
export const nodeFs: Fs = {
  open: async (path, mode) => asFsFile(await openAs(path, mode)),
  rename,
  remove: (path) => rm(path, { force: true, recursive: true }),
  setPermissions: chmod,
  makeFolder: async (path, permissions) => {
    await mkdir(path, { recursive: true, mode: permissions });
  },
  list: (path) => readdir(path).catch(emptyWhenAbsent),
  stat: async (path) => {
    try {
      const found = await lstat(path);
      const { uid } = await stat(dirname(path));
      const isPlain = found.isFile() && found.nlink === 1 && found.uid === uid;
      return { sizeBytes: found.size, modifiedAtMs: found.mtimeMs, isPlain };
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      throw cause;
    }
  },
  syncFolder: async (path) => {
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  },
  space: async (path) => {
    const { bavail, blocks, bsize } = await statfs(path);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  },
};

async function openAs(path: string, mode: OpenMode): Promise<FileHandle> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
  switch (mode.kind) {
    // Without O_NONBLOCK, opening a pipe that somebody put there would wait for a writer for ever.
    case "read":
      return requireFile(path, await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    case "update":
      return requireFile(path, await open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK));
    case "create-new":
      return open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode.permissions);
  }
}

async function requireFile(path: string, handle: FileHandle): Promise<FileHandle> {
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Error(`expected a regular file at ${path}`);
}

function asFsFile(handle: FileHandle): FsFile {
  return {
    write: async (bytes, position) =>
      (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.sync(),
    close: () => handle.close(),
  };
}

function emptyWhenAbsent(cause: unknown): string[] {
  if (isAbsent(cause)) return [];
  throw cause;
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}
