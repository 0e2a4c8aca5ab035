import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { UpdateLock, UpdateLockStore, UpdateLocks } from "../../ports/update-lock.ts";

export interface DeviceLockParts {
  readonly store: UpdateLockStore;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: Log;
  /** It was put on or taken off. */
  readonly changed: () => void;
}

/** The update lock of this device. It counts from the moment it is on disk; one change at a time. */
export class DeviceLock implements UpdateLocks {
  readonly #parts: DeviceLockParts;
  #current: UpdateLock | null;
  #last: Promise<unknown> = Promise.resolve();

  /** @param current what the store holds at the start */
  constructor(parts: DeviceLockParts, current: UpdateLock | null) {
    this.#parts = parts;
    this.#current = current;
  }

  /** See the port. */
  current(): UpdateLock | null {
    return this.#current;
  }

  /** See the port. */
  lock(reason: string): Promise<UpdateLock> {
    return this.#inTurn(async () => {
      const { clock, store } = this.#parts;
      const sinceMs = this.#current?.sinceMs ?? clock.nowMs();
      const lock = { reason, sinceMs };
      await store.keep(lock);
      this.#changeTo(lock);
      return lock;
    });
  }

  /** See the port. */
  unlock(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#parts.store.remove();
      this.#changeTo(null);
    });
  }

  #changeTo(lock: UpdateLock | null): void {
    this.#current = lock;
    const event = { event: lock === null ? "update.unlocked" : "update.locked", ...lock };
    this.#parts.log.info(event, lock === null ? "updates are let in" : "updates are held back");
    this.#parts.changed();
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(change);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
