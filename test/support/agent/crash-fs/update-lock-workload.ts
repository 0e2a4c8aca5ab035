import { durableWriter } from "../../../../agent/src/adapters/file-store/durable-write.ts";
import { updateLockFile } from "../../../../agent/src/adapters/file-store/update-lock-file.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import { crashFs } from "./crash-fs.ts";
import type { CrashState, Run } from "./explore.ts";
import { emptyTree } from "./tree.ts";

/** Reasons of the lock that there may be at one moment; null: none. While it is changed there are two. */
export type Possible = readonly (string | null)[];

/** A device is locked, locked for another reason, unlocked, and locked again. */
export async function recordUpdateLock(
  through: (fs: Fs) => Fs = (fs) => fs,
): Promise<Run<Possible>> {
  let possible: Possible = [null];
  const disk = crashFs(emptyTree, () => possible);
  const fs = through(disk.fs);
  await disk.fs.makeFolder("/device/trust", 0o700);
  // Enrolment has made it, and made it last.
  for (const folder of ["/device/trust", "/device", "/"]) await disk.fs.syncFolder(folder);
  const store = openLock(fs);
  for (const reason of ["measuring", "cleaning", null, "measuring"]) {
    possible = [...possible, reason];
    await (reason === null ? store.remove() : store.keep({ reason, sinceMs: 7 }));
    possible = [reason];
  }
  return { start: emptyTree, journal: disk.journal, end: possible };
}

/** What does not hold after a power cut: the lock is what somebody said, and not forgotten. */
export async function checkUpdateLock({
  tree,
  note,
}: CrashState<Possible>): Promise<readonly string[]> {
  const disk = crashFs(tree, () => undefined);
  const found = (await openLock(disk.fs).read())?.reason ?? null;
  return note.includes(found) ? [] : [`expected ${note.join(" or ")}, got ${found}`];
}

function openLock(fs: Fs) {
  let serial = 0;
  return updateLockFile({ fs, folder: "/device", write: durableWriter(fs, () => ++serial) });
}
