import type { Fs, FsFile } from "../../../../agent/src/ports/fs.ts";
import { systemError } from "./crash-fs.ts";

/** Every call that changes a disk, and so may be refused by it. */
export const changingCalls = [
  ...["create", "write", "sync", "truncate"],
  ...["rename", "remove", "setPermissions", "makeFolder", "syncFolder"],
] as const;

export type ChangingCall = (typeof changingCalls)[number];

export const diskErrors = ["ENOSPC", "EIO", "EROFS", "EDQUOT"] as const;

export type DiskFault = {
  readonly call: ChangingCall;
  /** Which call of that kind, from 0. */
  readonly at: number;
  readonly code: (typeof diskErrors)[number];
  /** `once`: that call alone; `lasting`: every changing call from then on, until `heal`. */
  readonly how: "once" | "lasting";
};

/** A disk that fails as told. Where nothing would change, as with a folder that is there, it does not. */
export function failingFs(fs: Fs, fault?: DiskFault) {
  const counts = new Map<ChangingCall, number>();
  let isBroken = false;
  let isHealed = false;

  function enter(call: ChangingCall): void {
    const count = counts.get(call) ?? 0;
    counts.set(call, count + 1);
    if (fault === undefined || isHealed) return;
    const isNow = fault.call === call && fault.at === count;
    if (isNow && fault.how === "lasting") isBroken = true;
    if (isNow || isBroken) throw systemError(fault.code, `planned, ${call} ${count}`);
  }

  const wrap = (file: FsFile): FsFile => ({
    ...file,
    write: async (bytes, position) => {
      enter("write");
      return file.write(bytes, position);
    },
    sync: async () => {
      enter("sync");
      await file.sync();
    },
    truncate: async (sizeBytes) => {
      enter("truncate");
      await file.truncate(sizeBytes);
    },
  });
  const failing: Fs = {
    ...fs,
    open: async (path, mode) => {
      if (mode.kind === "create-new") enter("create");
      return wrap(await fs.open(path, mode));
    },
    rename: async (from, to) => {
      enter("rename");
      await fs.rename(from, to);
    },
    remove: async (path) => {
      if ((await fs.stat(path)) !== undefined) enter("remove");
      await fs.remove(path);
    },
    setPermissions: async (path, permissions) => {
      enter("setPermissions");
      await fs.setPermissions(path, permissions);
    },
    makeFolder: async (path, permissions) => {
      if ((await fs.stat(path)) === undefined) enter("makeFolder");
      await fs.makeFolder(path, permissions);
    },
    syncFolder: async (path) => {
      enter("syncFolder");
      await fs.syncFolder(path);
    },
  };
  return {
    fs: failing,
    counts: (): ReadonlyMap<ChangingCall, number> => counts,
    heal: () => {
      isHealed = true;
    },
  };
}

/** A disk that takes at most so many bytes at a time. */
export function shortWrites(fs: Fs, bytesMax: number): Fs {
  return {
    ...fs,
    open: async (path, mode) => {
      const file = await fs.open(path, mode);
      return { ...file, write: (bytes, at) => file.write(bytes.subarray(0, bytesMax), at) };
    },
  };
}
