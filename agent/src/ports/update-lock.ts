import type { UpdateLock } from "../domain/agent-status.ts";

export type { UpdateLock } from "../domain/agent-status.ts";

/** Where a lock survives a restart and a power cut. */
export interface UpdateLockStore {
  /** A record that cannot be read is a lock: somebody has locked. */
  readonly read: () => Promise<UpdateLock | null>;
  /** @throws StoreError; then nothing has changed */
  readonly keep: (lock: UpdateLock) => Promise<void>;
  /** @throws StoreError; no error when there is none */
  readonly remove: () => Promise<void>;
}

/** What people and applications on the device may do with it. */
export interface UpdateLocks {
  readonly current: () => UpdateLock | null;
  /** Locked again, the newer reason counts. @throws StoreError */
  readonly lock: (reason: string) => Promise<UpdateLock>;
  /** @throws StoreError */
  readonly unlock: () => Promise<void>;
}
