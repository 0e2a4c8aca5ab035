import type { BusClientId } from "@modelfleet/protocol";

export interface DeviceInboxOptions {
  /** Messages of one device that may wait. */
  readonly depthMax: number;
  readonly onOverflow?: (device: BusClientId) => void;
}

/**
 * Brings the messages of one device one after the other, of different devices at once.
 *
 * A device above its depth is shut out until it connects anew: acks are cumulative, so a message after a dropped one
 * must not be taken in. It sends again what nobody acknowledged (protocol.md 3).
 */
export class DeviceInbox {
  readonly #options: DeviceInboxOptions;
  readonly #queues = new Map<BusClientId, { depth: number; last: Promise<void> }>();
  readonly #shut = new Set<string>();

  constructor(options: DeviceInboxOptions) {
    this.#options = options;
  }

  /** @returns whether it was taken in */
  async run(device: BusClientId, task: () => Promise<void>): Promise<boolean> {
    if (this.#shut.has(device)) return false;
    const queue = this.#queues.get(device) ?? { depth: 0, last: Promise.resolve() };
    if (queue.depth >= this.#options.depthMax) {
      this.#shut.add(device);
      this.#options.onOverflow?.(device);
      return false;
    }
    queue.depth += 1;
    this.#queues.set(device, queue);
    queue.last = queue.last.then(task);
    try {
      await queue.last;
      return true;
    } finally {
      queue.depth -= 1;
      if (queue.depth === 0) this.#queues.delete(device);
    }
  }

  /** The device has connected anew. */
  reopen(device: string): void {
    this.#shut.delete(device);
  }

  /** Resolves when everything taken in so far is done. */
  async drained(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.last));
  }
}
