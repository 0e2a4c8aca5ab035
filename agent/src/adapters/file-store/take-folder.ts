import { join } from "node:path";
import { StoreError } from "../../domain/store-error.ts";
import type { Fs } from "../../ports/fs.ts";
import type { Log } from "../../ports/log.ts";
import { lockFolder, type ProcessTable } from "./folder-lock.ts";
import { storeFailure } from "./store-failure.ts";

export interface TakeOptions {
  readonly fs: Fs;
  readonly processes: ProcessTable;
  readonly log: Log;
  /** A folder beside the data folder's disk, for this user alone; undefined where there is none. */
  readonly spare: () => Promise<string | undefined>;
}

export interface TakenFolder {
  /** For what lives as long as this process: its runners' folders. */
  readonly runFolder: string;
  readonly release: () => Promise<void>;
}

/**
 * The data folder for this process alone.
 *
 * 1. The lock and the runners' folders are in `run/` of the data folder.
 * 2. A disk that takes nothing, because it is full, broken or read-only, must not keep a device from serving what is on it:
 *    then they are in the spare folder. Without one there is no lock, and no release can be started.
 *
 * @throws StoreError LOCKED, naming the process that holds it
 */
export async function takeFolder(folder: string, options: TakeOptions): Promise<TakenFolder> {
  const run = join(folder, "run");
  const lock = await tryLock(folder, options);
  if (lock !== undefined && (await takesFolders(run, options))) return { ...lock, runFolder: run };
  const spare = await options.spare();
  if (spare === undefined) return { release: lock?.release ?? nothing, runFolder: run };
  const spareLock = lock ?? (await tryLock(spare, options));
  const runFolder = join(spare, "run");
  await options.fs.makeFolder(runFolder, 0o700).catch(() => undefined);
  return { release: spareLock?.release ?? nothing, runFolder };
}

async function tryLock(folder: string, { fs, processes, log }: TakeOptions) {
  try {
    const lock = await lockFolder(fs, folder, processes);
    // One that cannot be removed is recognised as stale by the next start.
    return { release: () => lock.release().catch(() => undefined) };
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const { code, message } = storeFailure(`locking ${folder}`, cause);
    log.error({ event: "lock.failed", code, folder }, message);
    return undefined;
  }
}

async function takesFolders(run: string, { fs, log }: TakeOptions): Promise<boolean> {
  const probe = join(run, "probe");
  try {
    await fs.makeFolder(probe, 0o700);
    await fs.remove(probe);
    return true;
  } catch (cause) {
    const { code, message } = storeFailure(`making folders in ${run}`, cause);
    log.error({ event: "run-folder.failed", code, folder: run }, message);
    return false;
  }
}

function nothing(): Promise<void> {
  return Promise.resolve();
}
