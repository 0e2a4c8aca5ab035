import type { Fs, FsFile } from "../../../agent/src/ports/fs.ts";

export type FsCall = "open" | "write" | "sync" | "rename" | "syncFolder" | "read";

/** A file system that fails as told: the next call of a kind with a system's code, or writes of at most so many bytes. */
export function faultyFs(real: Fs) {
  const faults: { readonly call: FsCall; readonly code: string; times: number }[] = [];
  const calls: string[] = [];
  let writeBytesMax = Number.POSITIVE_INFINITY;
  let writeCut: number | undefined;

  function enter(call: FsCall): void {
    calls.push(call);
    const fault = faults.find((planned) => planned.call === call && planned.times > 0);
    if (fault === undefined) return;
    fault.times -= 1;
    throw Object.assign(new Error(`${fault.code}: planned`), { code: fault.code });
  }

  function wrap(file: FsFile): FsFile {
    return {
      ...file,
      write: async (bytes, position) => {
        if (writeCut !== undefined) {
          await file.write(bytes.subarray(0, writeCut), position);
          throw Object.assign(new Error("EIO: power cut"), { code: "EIO" });
        }
        enter("write");
        return file.write(bytes.subarray(0, Math.min(bytes.length, writeBytesMax)), position);
      },
      read: async (into, position) => {
        enter("read");
        return file.read(into, position);
      },
      sync: async () => {
        enter("sync");
        await file.sync();
      },
    };
  }

  const fs: Fs = {
    ...real,
    open: async (path, mode) => {
      enter("open");
      return wrap(await real.open(path, mode));
    },
    rename: async (from, to) => {
      enter("rename");
      await real.rename(from, to);
    },
    syncFolder: async (path) => {
      enter("syncFolder");
      await real.syncFolder(path);
    },
  };
  return {
    fs,
    calls,
    failNext: (call: FsCall, code: string, times = 1) => void faults.push({ call, code, times }),
    shortWrites: (bytesMax: number) => {
      writeBytesMax = bytesMax;
    },
    /** The next write leaves only its first bytes behind, and the machine is gone. */
    cutWriteAfter: (bytes: number | undefined) => {
      writeCut = bytes;
    },
  };
}
